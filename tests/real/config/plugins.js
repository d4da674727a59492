module.exports = ({ env }) => ({
  'users-permissions': {
    config: {
      // As a project made today has it.
      jwtManagement: 'refresh',
      sessions: { httpOnly: true },
      ratelimit: { interval: 60000, max: env.int('RATE_LIMIT', 10) },
    },
  },
});
