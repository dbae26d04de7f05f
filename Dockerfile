# syncd with Vault, AWS and GCP, for amd64 and arm64. All that is installed is checked against the hashes of
# requirements.lock, and nothing is compiled, so the slim image is enough.
FROM python:3.13-slim AS build
WORKDIR /build
ENV UV_COMPILE_BYTECODE=1 \
    UV_LINK_MODE=copy \
    UV_NO_CACHE=1 \
    UV_PYTHON_DOWNLOADS=never

COPY requirements.lock ./
RUN awk '/^uv==/ {p=1; print; next} /^[^ ]/ {p=0} p' requirements.lock > uv.txt \
 && pip install --no-cache-dir --require-hashes --only-binary :all: --requirement uv.txt

COPY pyproject.toml ./
RUN uv venv /opt/syncd \
 && uv pip install --python /opt/syncd --require-hashes --only-binary :all: --constraint requirements.lock \
      --requirement pyproject.toml --extra vault --extra aws --extra gcp

COPY README.md LICENSE ./
COPY syncd syncd
RUN uv build --wheel --require-hashes --build-constraint requirements.lock --out-dir dist \
 && uv pip install --python /opt/syncd --no-deps dist/*.whl

FROM python:3.13-slim
# The image comes without the bytecode of the standard library, and a read-only container could never write it.
RUN python -m compileall -q -x site-packages /usr/local/lib/python3.13 \
 && python -m pip uninstall --yes --quiet --root-user-action=ignore pip
COPY --from=build /opt/syncd /opt/syncd
# Two arenas, not eight for each core: glibc keeps what the threads of calls have freed in each, and memory seems to grow.
ENV PATH=/opt/syncd/bin:$PATH \
    HOME=/home/syncd \
    MALLOC_ARENA_MAX=2 \
    PYTHONDONTWRITEBYTECODE=1
WORKDIR /home/syncd
USER 65532:65532
ENTRYPOINT ["syncd"]
