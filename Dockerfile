# SPDX-License-Identifier: Apache-2.0
# One node. Keys and store live in the volume /var/lib/exchange, never in the image.

FROM python:3.11-slim AS build
WORKDIR /build
COPY requirements.lock ./
RUN python -m pip install --no-cache-dir --require-hashes -r requirements.lock
COPY pyproject.toml README.md LICENSE NOTICE ./
COPY schemas ./schemas
COPY exchange ./exchange
RUN python -m pip wheel --no-cache-dir --no-deps --no-build-isolation --wheel-dir /wheels .

FROM python:3.11-slim
COPY requirements-core.lock /tmp/requirements-core.lock
RUN python -m pip install --no-cache-dir --require-hashes -r /tmp/requirements-core.lock \
    && rm /tmp/requirements-core.lock
COPY --from=build /wheels /wheels
RUN python -m pip install --no-cache-dir --no-deps /wheels/*.whl && rm -r /wheels
RUN useradd --system --uid 10001 --user-group --no-create-home exchange \
    && install -d -m 0700 -o exchange -g exchange /var/lib/exchange
USER exchange
WORKDIR /var/lib/exchange
VOLUME /var/lib/exchange
EXPOSE 8443
ENV PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 EXCHANGE_DATA=/var/lib/exchange/node
ENTRYPOINT ["exchange"]
CMD ["serve"]
