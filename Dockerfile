# Memorability Lab in a container: see docs/deploy.md.
FROM python:3.11-slim

WORKDIR /app

# The lists first: a change of the code does not install everything anew.
COPY packages.txt requirements.txt ./
RUN apt-get update \
    && xargs -a packages.txt apt-get install -y --no-install-recommends \
    && rm -rf /var/lib/apt/lists/*

# Where the CPU build of torch is found; empty takes the build that pip finds by itself.
ARG TORCH_INDEX=""
RUN pip install --no-cache-dir ${TORCH_INDEX:+--extra-index-url "$TORCH_INDEX"} -r requirements.txt

COPY . .

# Nobody needs to be root to score a photo; runs/ is where studies and maps are written.
RUN useradd --create-home lab && mkdir -p runs && chown lab runs && python -m core doctor
USER lab

# Only this machine may ask, unless whoever starts the container says otherwise.
ENV STREAMLIT_SERVER_ADDRESS=127.0.0.1 \
    STREAMLIT_SERVER_PORT=8501 \
    STREAMLIT_SERVER_HEADLESS=true
EXPOSE 8501
HEALTHCHECK CMD python -c "import os, urllib.request as u; u.urlopen('http://127.0.0.1:8501/' + os.environ.get('STREAMLIT_SERVER_BASE_URL_PATH', '').strip('/') + '/_stcore/health')"

CMD ["streamlit", "run", "streamlit_app.py"]
