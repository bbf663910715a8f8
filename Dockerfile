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

# What Node has compiled is kept here, for the user that runs it.
RUN mkdir -p /data node_modules/.cache/tally && chown node:node /data node_modules/.cache/tally \
  && ln -s /app/src/cli/tally.js /usr/local/bin/tally
USER node
ENV NODE_ENV=production

# One start, so that no container has to compile what is the same for all.
RUN tally start --network test --mine --data /tmp/once --p2p-host 127.0.0.1 --no-mdns >/tmp/log 2>&1 & \
  until bash -c 'exec 3<>/dev/tcp/127.0.0.1/8141' 2>/dev/null; do \
    kill -0 $! 2>/dev/null || { cat /tmp/log; exit 1; }; sleep 0.2; \
  done; \
  kill $! && wait $! && rm -r /tmp/once /tmp/log

VOLUME /data
ENV TALLY_DATA=/data TALLY_IMAGE=1
EXPOSE 4141 8141

# Without a Node of its own: starting one every few seconds costs more than an idle daemon.
HEALTHCHECK --interval=5s --timeout=3s --start-period=20s --retries=5 CMD ["bash", "-c", \
  "exec 3<>/dev/tcp/127.0.0.1/8141 && printf 'GET /health HTTP/1.1\\r\\nHost: localhost\\r\\nConnection: close\\r\\n\\r\\n' >&3 && read -r _ status _ <&3 && [ \"$status\" = 200 ]"]

ENTRYPOINT ["tally"]
CMD ["start"]
