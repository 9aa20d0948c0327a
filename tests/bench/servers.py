"""Who is measured beside the bridge, and how each is started."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

from tests.bench.processes import Server

_NGINX = """
worker_processes 1;
daemon off;
pid {folder}/nginx.pid;
error_log {folder}/nginx-error.log;
events {{ worker_connections 4096; }}
http {{
  access_log off;
  client_body_temp_path {folder};
  proxy_temp_path {folder};
  fastcgi_temp_path {folder};
  uwsgi_temp_path {folder};
  scgi_temp_path {folder};
  server {{
    listen 127.0.0.1:PORT backlog=1024;
    location / {{
      proxy_pass {upstream};
      proxy_http_version 1.1;
      proxy_buffering off;
    }}
  }}
}}
"""

_LITELLM = """
model_list:
  - model_name: "*"
    litellm_params: {{model: "openai/*", api_base: "{upstream}/v1", api_key: "sk-made-up"}}
litellm_settings: {{telemetry: false}}
"""


def bridge(upstream: str, pace: str) -> Server:
    """The bridge with everything on. pace: in milliseconds."""
    options = ("--upstream", "openai", "--base-url", f"{upstream}/v1", "--pace", pace)
    return Server(
        f"roobridge --pace {pace}",
        (sys.executable, "-m", "roobridge", "serve", "--port", "{port}", "--log-level", "warning", *options),
        ready="/health",
    )


def passthrough(upstream: str, mode: str) -> Server:
    return Server(
        f"pass-through, {mode}",
        (sys.executable, "-m", "tests.bench.passthrough", mode, "{port}", f"{upstream}/v1"),
    )


def nginx(upstream: str, folder: Path) -> Server:
    """NGINX names the program where it is not on PATH."""
    program = os.environ.get("NGINX") or shutil.which("nginx") or shutil.which("/usr/sbin/nginx")
    if program is None:
        return Server("nginx", (), missing="not installed: apt install nginx, or name it in NGINX")
    text = _NGINX.format(folder=folder, upstream=upstream)
    (folder / "nginx.conf").write_text(text, encoding="utf-8")
    start = f"sed -i s/PORT/{{port}}/ {folder}/nginx.conf && exec {program} -c {folder}/nginx.conf"
    return Server("nginx", ("sh", "-c", start))


def litellm(upstream: str, folder: Path) -> Server:
    """LITELLM names the `litellm` program of a venv of its own."""
    program = os.environ.get("LITELLM") or shutil.which("litellm")
    if program is None:
        return Server(
            "LiteLLM", (), missing="not installed: pip install 'litellm[proxy]' in a venv, name it in LITELLM"
        )
    config = folder / "litellm.yaml"
    config.write_text(_LITELLM.format(upstream=upstream), encoding="utf-8")
    argv = (program, "--config", str(config), "--port", "{port}", "--host", "127.0.0.1", "--num_workers", "1")
    env = {"LITELLM_MODE": "PRODUCTION", "LITELLM_LOG": "ERROR", "LITELLM_MASTER_KEY": "sk-made-up"}
    return Server("LiteLLM", argv, env, ready="/health/liveliness")
