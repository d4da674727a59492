module.exports = ({ env }) => ({
  'users-permissions': {
    config: {
      // As a project made today has it.
      jwtManagement: env('JWT_MANAGEMENT', 'refresh'),
      sessions: { httpOnly: env.bool('HTTP_ONLY', true) },
      ratelimit: { interval: 60000, max: env.int('RATE_LIMIT', 10) },
    },
  },
});
