# SPDX-License-Identifier: Apache-2.0
"""The container files hold together: two nodes, nothing shared, nothing privileged, everything pinned.

No container engine is needed: the files are read, not run.
"""

import re
import tomllib
from collections.abc import Hashable
from pathlib import Path
from typing import Any

import exchange
import pytest
import yaml
from exchange.interfaces.cli.tree import app

ROOT = Path(__file__).resolve().parents[2]
DATA = "/var/lib/exchange"
KNOWN = {
    "image", "build", "command", "init", "read_only", "tmpfs", "cap_drop", "security_opt", "restart",
    "stop_grace_period", "networks", "hostname", "ports", "volumes", "environment", "secrets",
}  # fmt: skip
"""What a node of the pair may say; anything else (privileged, host network) needs a thought."""


class StrictLoader(yaml.SafeLoader):
    """Safe YAML that refuses a name given twice; the ordinary loader keeps the last one silently."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        names = [self.construct_object(key) for key, _ in node.value if key.value != "<<"]
        doubled = {name for name in names if names.count(name) > 1}
        if doubled:
            raise yaml.constructor.ConstructorError(None, None, f"given twice: {doubled}", node.start_mark)
        return super().construct_mapping(node, deep)


def load(text: str) -> Any:
    return yaml.load(text, Loader=StrictLoader)


def read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    return load(read("docker-compose.yml"))


@pytest.fixture(scope="module")
def services(compose: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return compose["services"]


@pytest.fixture(scope="module")
def dockerfile() -> list[tuple[str, str]]:
    """Return the instructions of the Dockerfile, with continued lines joined."""
    joined = read("Dockerfile").replace("\\\n", " ")
    lines = [line for line in joined.splitlines() if line.strip() and not line.startswith("#")]
    return [(word, rest.strip()) for word, _, rest in (line.partition(" ") for line in lines)]


def last(dockerfile: list[tuple[str, str]], word: str) -> str:
    return [rest for found, rest in dockerfile if found == word][-1]


@pytest.mark.parametrize("text", ["a: 1\na: 2\n", "a:\n  b: 1\n  b: 2\n", "- {a: 1, a: 1}\n"])
def test_a_name_given_twice_is_refused(text: str) -> None:
    with pytest.raises(yaml.constructor.ConstructorError, match="given twice"):
        load(text)


def test_the_pair_is_the_two_sides_of_the_demo(services: dict[str, dict[str, Any]]) -> None:
    assert {name: service["ports"] for name, service in services.items()} == {
        "kh": ["127.0.0.1:18443:8443"],
        "vn": ["127.0.0.1:28443:8443"],
    }


def test_a_node_says_only_what_was_thought_about(services: dict[str, dict[str, Any]]) -> None:
    assert {name: set(service) - KNOWN for name, service in services.items()} == {"kh": set(), "vn": set()}


def test_no_volume_is_shared(compose: dict[str, Any], services: dict[str, dict[str, Any]]) -> None:
    mounted = [volume.split(":")[0] for service in services.values() for volume in service["volumes"]]

    assert sorted(mounted) == sorted(compose["volumes"])
    assert len(mounted) == len(set(mounted))


def test_nothing_of_the_host_is_mounted(services: dict[str, dict[str, Any]]) -> None:
    mounts = [volume for service in services.values() for volume in service["volumes"]]

    assert [mount for mount in mounts if not re.fullmatch(rf"[a-z-]+:{DATA}", mount)] == []


@pytest.mark.parametrize("name", ["kh", "vn"])
def test_a_node_has_no_rights_that_it_does_not_need(name: str, services: dict[str, dict[str, Any]]) -> None:
    node = services[name]

    assert node["cap_drop"] == ["ALL"]
    assert node["security_opt"] == ["no-new-privileges:true"]
    assert node["read_only"] is True


def test_every_network_is_declared(compose: dict[str, Any], services: dict[str, dict[str, Any]]) -> None:
    used = {network for service in services.values() for network in service["networks"]}

    assert used == set(compose["networks"])


def test_the_image_runs_the_program_and_not_as_root(dockerfile: list[tuple[str, str]]) -> None:
    assert last(dockerfile, "USER") == "exchange"
    assert last(dockerfile, "ENTRYPOINT") == '["exchange"]'
    assert last(dockerfile, "CMD") == '["serve"]'


def test_the_image_keeps_its_data_where_the_pair_mounts_it(dockerfile: list[tuple[str, str]]) -> None:
    assert last(dockerfile, "VOLUME") == DATA
    assert last(dockerfile, "WORKDIR") == DATA


def test_the_pair_publishes_the_port_of_the_image(
    services: dict[str, dict[str, Any]], dockerfile: list[tuple[str, str]]
) -> None:
    inside = {port.rsplit(":", 1)[1] for service in services.values() for port in service["ports"]}

    assert inside == {last(dockerfile, "EXPOSE")}


def test_every_package_of_the_image_is_pinned_by_hash(dockerfile: list[tuple[str, str]]) -> None:
    installs = [rest for word, rest in dockerfile if word == "RUN" and "pip install" in rest]
    unpinned = [
        rest for rest in installs if "--require-hashes" not in rest and "--no-deps /wheels/" not in rest
    ]

    assert len(installs) == 3
    assert unpinned == []


def test_every_file_of_the_image_exists_and_reaches_the_builder(dockerfile: list[tuple[str, str]]) -> None:
    copied = [
        rest.split()[:-1] for word, rest in dockerfile if word == "COPY" and not rest.startswith("--from")
    ]
    sources = {source for sources in copied for source in sources}
    let_through = {line[1:] for line in read(".dockerignore").splitlines() if line.startswith("!")}

    assert [source for source in sources if not (ROOT / source).exists()] == []
    assert sources == let_through


def test_the_builder_gets_nothing_that_is_not_named() -> None:
    rules = [line for line in read(".dockerignore").splitlines() if line and not line.startswith("#")]

    assert rules[0] == "*"


def test_the_image_is_named_by_the_version(services: dict[str, dict[str, Any]]) -> None:
    assert {service["image"] for service in services.values()} == {
        f"repatriation-exchange:{exchange.__version__}"
    }


def test_the_catalogue_entry_agrees_with_the_project() -> None:
    entry = load(read("publiccode.yml"))
    project = tomllib.loads(read("pyproject.toml"))["project"]

    assert entry["legal"]["license"] == project["license"]
    assert entry["softwareVersion"] == project["version"] == exchange.__version__
    assert entry["description"]["en"]["shortDescription"].rstrip(".") == project["description"]


@pytest.mark.parametrize("name", ["requirements.lock", "requirements-core.lock"])
def test_every_locked_package_has_an_exact_version_and_hashes(name: str) -> None:
    entries = re.split(r"\n(?=[A-Za-z])", read(name))[1:]
    loose = [
        entry.split()[0] for entry in entries if not re.match(r"[\w.-]+==\S+.*\\\n +--hash=sha256:", entry)
    ]

    assert len(entries) > 20
    assert loose == []


@pytest.mark.parametrize("name", ["requirements.lock", "requirements-core.lock"])
def test_a_lock_names_no_registry(name: str) -> None:
    assert re.findall(r"https?:|file:|--(?:extra-)?index|--find-links|--trusted", read(name)) == []


def test_a_server_runs_the_versions_that_were_tested() -> None:
    def versions(name: str) -> set[str]:
        return set(re.findall(r"^[\w.-]+==\S+", read(name), re.MULTILINE))

    assert versions("requirements-core.lock") < versions("requirements.lock")


def test_the_passphrase_comes_from_a_secret_and_nothing_else_from_the_environment(
    services: dict[str, dict[str, Any]],
) -> None:
    for name, service in services.items():
        assert service["environment"] == {"EXCHANGE_PASSPHRASE_FILE": "/run/secrets/passphrase"}
        assert service["secrets"] == [{"source": f"{name}-passphrase", "target": "passphrase"}]


def test_every_command_of_the_container_files_exists_on_the_command_line() -> None:
    """Design, trap 12: no engine runs here, so the commands are looked up in the program."""
    known = {info.name for info in app.registered_commands}
    compose = load(read("docker-compose.yml"))
    said = {service["command"][0] for service in compose["services"].values()}
    said |= set(re.findall(r"docker compose run --rm \w+ (\w+)", read("docker-compose.yml")))

    assert said
    assert said <= known
