"""One setup in progress: what runs for it, and the steps that are done with it."""

from helpers.kit.steps import Kit as Kit
