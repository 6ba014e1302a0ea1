# docker build -t hobnob .        How to run it: docs/deploy.md

FROM node:24-slim AS build
WORKDIR /app
COPY package.json package-lock.json ./
# No scripts: what they fetch is for tests only.
RUN npm ci --ignore-scripts
COPY tsconfig.json tsconfig.build.json ./
COPY src ./src
RUN npm run build && npm ci --omit=dev --ignore-scripts

FROM node:24-slim
ENV NODE_ENV=production
WORKDIR /app
# Where SQLite keeps its file; the rest of the image is not writable for the bot.
RUN mkdir data && chown node:node data
COPY --from=build /app/node_modules ./node_modules
COPY --from=build /app/dist ./dist
COPY bin ./bin
# Plugins of your own that the config imports by a path: COPY them here as well.
COPY package.json plugins.config.ts ./
USER node
VOLUME /app/data
EXPOSE 3000
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 \
  CMD ["node", "-e", "fetch('http://127.0.0.1:3000/ready').then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
# Node itself is process 1, so that SIGTERM reaches the bot; npm would keep it.
ENTRYPOINT ["node", "bin/hobnob.js"]
CMD ["start", "--port", "3000"]
