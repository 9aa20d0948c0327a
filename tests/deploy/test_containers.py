"""What the image, the compose file and the manifests say, against the tree and the service's settings."""

from __future__ import annotations

import asyncio
import json
import re
import subprocess
import sys
import zipfile
from fnmatch import fnmatch
from pathlib import Path
from shutil import copy, copytree, ignore_patterns

import pytest
import yaml

from roobridge.cli.serve import LAST_RESORT
from roobridge.service.access import check_access
from roobridge.service.settings.config import Settings
from roobridge.service.settings.environment import LEGACY, unknown_variables
from roobridge.service.settings.loading import load_settings
from roobridge.upstream.openai import OpenAIUpstream
from roobridge.web.health import PATHS
from roobridge.web.names import Hosts
from tests.e2e.balanced import DEPLOY
from tests.house_rules.options import options_of
from tests.house_rules.source import ROOT
from tests.web.conftest import Serve

DOCKERFILE = (DEPLOY / "docker" / "Dockerfile").read_text(encoding="utf-8")
COMPOSE = yaml.safe_load((DEPLOY / "docker" / "compose.yaml").read_text(encoding="utf-8"))
MANIFESTS = (DEPLOY / "kubernetes" / "roobridge.yaml").read_text(encoding="utf-8")
DEPLOYMENT, SERVICE = yaml.safe_load_all(MANIFESTS)
POD = DEPLOYMENT["spec"]["template"]["spec"]
(CONTAINER,) = POD["containers"]
ALIVE = DEPLOY / "docker" / "alive.py"


def instructions(word: str) -> list[str]:
    """What stands behind each such word of the Dockerfile."""
    joined = DOCKERFILE.replace("\\\n", " ")
    return re.findall(rf"^ *{word} +(.*)$", joined, re.MULTILINE)


def copied() -> list[str]:
    """What the image is given of the tree."""
    own = [said for said in instructions("COPY") if not said.startswith("--from=")]
    return [name for said in own for name in said.split()[:-1]]


def environment() -> dict[str, str]:
    (said,) = instructions("ENV")
    return dict(pair.split("=", 1) for pair in said.split())


def test_the_image_is_given_files_that_exist_and_are_not_kept_from_it() -> None:
    rules = (DEPLOY / "docker" / "Dockerfile.dockerignore").read_text(encoding="utf-8").split()
    assert rules[0] == "*"
    assert [name for name in copied() if not (ROOT / name).exists() or f"!{name}" not in rules] == []


def test_what_the_image_is_given_is_a_whole_package(tmp_path: Path) -> None:
    source, wheels = tmp_path / "src", tmp_path / "wheels"
    for name in copied():
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        if (ROOT / name).is_dir():
            copytree(ROOT / name, source / name, ignore=ignore_patterns("__pycache__"))
        else:
            copy(ROOT / name, source / name)
    build = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(wheels), str(source)]
    built = subprocess.run(build, capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stdout + built.stderr
    (wheel,) = wheels.glob("*.whl")
    held = zipfile.ZipFile(wheel).namelist()
    for wanted in ("cli/serve.py", "data/grammar/*.xml", "data/tapes/*.tape.jsonl"):
        assert any(fnmatch(name, f"roobridge/{wanted}") for name in held), wanted


def test_the_image_runs_a_command_that_there_is_as_nobody_in_particular() -> None:
    (entry,), (command,) = instructions("ENTRYPOINT"), instructions("CMD")
    words: list[str] = [*json.loads(entry), *json.loads(command)]
    assert words[:2] == ["roobridge", "serve"]
    assert set(words[2:]) <= set(options_of("serve"))
    (user,) = instructions("USER")
    assert user.partition(":")[0] not in ("", "0", "root")
    assert f"--uid {user.partition(':')[0]} " in DOCKERFILE


def test_the_images_settings_are_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    said = environment()
    for name, value in said.items():
        if name.startswith("ROOBRIDGE_"):
            monkeypatch.setenv(name, value)
    monkeypatch.delenv("ROOBRIDGE_REQUIRE", raising=False)  # the tests' own
    assert unknown_variables(Settings.model_fields) == []
    settings = load_settings()
    assert instructions("EXPOSE") == [str(settings.port)]
    assert settings.host == "0.0.0.0"
    assert not settings.allow_open  # whoever starts it says who may use it


def test_nothing_is_fetched_but_official_images() -> None:
    bases = [said.split()[0] for said in instructions("FROM")]
    images = [service["image"] for service in COMPOSE["services"].values()] + [CONTAINER["image"]]
    assert {image.partition(":")[0] for image in (*bases, *images)} == {"python", "haproxy", "roobridge"}


async def test_the_container_is_well_while_it_answers(serve: Serve) -> None:
    (said,) = instructions("HEALTHCHECK")
    python, *options, script = json.loads(said.partition(" CMD ")[2])
    assert (python, options) == ("python", ["-c"])
    own = f":{environment()['ROOBRIDGE_PORT']}/"
    assert own in script

    async def asked(port: int) -> int:
        probe = [sys.executable, "-c", script.replace(own, f":{port}/")]
        return (await asyncio.to_thread(subprocess.run, probe, stderr=subprocess.DEVNULL)).returncode

    address = await serve(OpenAIUpstream("http://127.0.0.1:9"))  # nothing listens there: not its fault
    assert await asked(int(address.rpartition(":")[2])) == 0
    assert await asked(9) != 0


def test_pods_are_asked_whether_they_are_alive() -> None:
    for probe in ("livenessProbe", "readinessProbe"):
        assert CONTAINER[probe]["httpGet"] == {"path": "/health", "port": CONTAINER["ports"][0]["name"]}
    assert "/health" in PATHS


def test_compose_puts_two_bridges_behind_the_balancers_own_file() -> None:
    services = COMPOSE["services"]
    balancer = services["balancer"]
    bridges = sorted(set(services) - {"balancer"})
    port = environment()["ROOBRIDGE_PORT"]
    said = balancer["environment"]
    assert [said["BRIDGE_ONE"], said["BRIDGE_TWO"]] == [f"{name}:{port}" for name in bridges]
    assert sorted(balancer["depends_on"]) == bridges
    text = (DEPLOY / "haproxy" / "haproxy.cfg").read_text(encoding="utf-8")
    assert all(f'"${{{name}-' in text for name in said)
    mounted = balancer["volumes"][0].partition(":")[0]
    assert (DEPLOY / "docker" / mounted).resolve() == DEPLOY / "haproxy" / "haproxy.cfg"
    for name in bridges:
        build = services[name]["build"]
        assert (DEPLOY / "docker" / build["context"]).resolve() == ROOT
        assert ROOT / build["dockerfile"] == DEPLOY / "docker" / "Dockerfile"


def test_nothing_of_compose_is_open_to_strangers_or_may_write() -> None:
    services = COMPOSE["services"].values()
    assert [port for service in services for port in service.get("ports", [])] == ["127.0.0.1:8000:8000"]
    for service in services:
        assert service["read_only"]
        assert service["cap_drop"] == ["ALL"]
    grace = COMPOSE["services"]["bridge-1"]["stop_grace_period"]
    assert float(grace.removesuffix("s")) > LAST_RESORT


def test_a_pod_ends_after_its_pause_and_its_own_end() -> None:
    (_, pause) = CONTAINER["lifecycle"]["preStop"]["exec"]["command"]
    assert POD["terminationGracePeriodSeconds"] > float(pause) + LAST_RESORT


def test_a_pod_has_the_images_user_and_no_more_rights() -> None:
    (user,) = instructions("USER")
    whole, own = POD["securityContext"], CONTAINER["securityContext"]
    assert f"{whole['runAsUser']}:{whole['runAsGroup']}" == user
    assert whole["runAsNonRoot"]
    assert own == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }


def test_a_pod_answers_under_the_services_names_and_reads_no_variable_of_it() -> None:
    # A Service called roobridge puts ROOBRIDGE_PORT=tcp://... into every pod that does not refuse it.
    assert POD["enableServiceLinks"] is False
    (names,) = [each["value"] for each in CONTAINER["env"] if each["name"] == "ROOBRIDGE_ALLOWED_HOSTS"]
    settings = Settings(allowed_hosts=names.replace("$(NAMESPACE)", "team"))
    name = SERVICE["metadata"]["name"]
    hosts = Hosts("0.0.0.0", settings.allowed_hosts)
    for asked in (name, f"{name}.team", f"{name}.team.svc", f"{name}.team.svc.cluster.local:8001"):
        assert hosts.know(asked)


def test_the_service_leads_to_the_pods() -> None:
    labels = DEPLOYMENT["spec"]["template"]["metadata"]["labels"]
    assert SERVICE["spec"]["selector"] == DEPLOYMENT["spec"]["selector"]["matchLabels"] == labels
    (port,), (open_port,) = SERVICE["spec"]["ports"], CONTAINER["ports"]
    assert port["targetPort"] == open_port["name"]
    assert str(open_port["containerPort"]) == environment()["ROOBRIDGE_PORT"]


def test_the_example_is_a_service_that_starts(monkeypatch: pytest.MonkeyPatch) -> None:
    text = (DEPLOY / "roobridge.env.example").read_text(encoding="utf-8")
    said = re.findall(r"^(?:# )?(\w+)=(.*)$", text, re.MULTILINE)  # also what is only proposed
    for name in LEGACY:
        monkeypatch.delenv(name, raising=False)
    for name, value in said:
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("ROOBRIDGE_REQUIRE", raising=False)  # the tests' own
    assert unknown_variables(Settings.model_fields) == []
    settings = load_settings({"host": "0.0.0.0"})
    check_access(settings)
    assert settings.service_keys
