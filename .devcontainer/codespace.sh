#!/bin/sh
# In a codespace the forwarded port of the gateway is a tunnel of one's own: offer it, unless another is set.
set -eu
port=8080
[ -n "${CODESPACE_NAME:-}" ] || exit 0
[ ! -f .env ] || ! grep -q '^PUBLIC_URL=' .env || exit 0
umask 077
printf 'PUBLIC_URL=https://%s-%s.%s\nKIT_GATEWAY_PORT=%s\n' \
    "$CODESPACE_NAME" "$port" "${GITHUB_CODESPACES_PORT_FORWARDING_DOMAIN:-app.github.dev}" "$port" >> .env
echo "PUBLIC_URL is this codespace's port $port. Before you go live, make it public: Ports > $port > Port Visibility."
