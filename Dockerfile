# The image of workers, analyzers and tools that use a ClickHouse server. The embedded engine is left out.
FROM node:24.21.0-slim@sha256:0e0ff40c39bc087845bfb27465a0df4ea419520094bc35842ff83dd8cbe6f9b6 AS dependencies
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
COPY deploy/without-embedded-engine.ts /build/
RUN node --no-warnings /build/without-embedded-engine.ts \
  && npm ci --omit=dev --ignore-scripts

FROM node:24.21.0-slim@sha256:0e0ff40c39bc087845bfb27465a0df4ea419520094bc35842ff83dd8cbe6f9b6
ENV NODE_ENV=production
WORKDIR /app
COPY --from=dependencies /app/node_modules ./node_modules
COPY package.json ./
COPY domain ./domain
COPY store ./store
COPY ingest ./ingest
COPY analyzers ./analyzers
COPY simulate ./simulate
COPY dashboards ./dashboards
COPY cli ./cli
# Runbooks, which the console and agents show.
COPY docs ./docs
USER node
ENTRYPOINT ["node", "--no-warnings", "--max-semi-space-size=16", "cli/main.ts"]
CMD ["--help"]
