FROM node:24-bookworm-slim AS explorer
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY tsconfig.json vite.config.ts ./
COPY src ./src
RUN npm run build:web

FROM node:24-bookworm-slim

# The base image's own Node runs the daemon: the pinned one of the checkout is a development dependency. No other package
# has a script to run while it is installed.
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --omit=dev --ignore-scripts --no-audit --no-fund && npm cache clean --force
COPY tsconfig.json ./
COPY src ./src
COPY --from=explorer /app/dist ./dist

RUN mkdir /data && chown node:node /data
USER node
VOLUME /data
ENV TALLY_DATA=/data NODE_ENV=production
EXPOSE 4141 8141

HEALTHCHECK --interval=5s --timeout=3s --start-period=20s --retries=5 \
  CMD ["node", "-e", "fetch('http://127.0.0.1:8141/health').then(r => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]

ENTRYPOINT ["node", "src/cli/tally.js"]
CMD ["start"]
