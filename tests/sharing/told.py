"""A campaign to tell."""

from __future__ import annotations

import base64
import uuid

from stillwatch.sharing.stix.build import Source, Template, Told
from stillwatch.sharing.stix.extension import CampaignPart, GroupingPart, IndicatorPart, Link, Noise, SightingPart

NOW = 1_795_000_000_123
OWN = "property-extension"
SOURCE = Source("identity--1fc6378c-fd94-424d-8be7-19aeda481200", "amber", ("detect", "enforce"), NOW)
TAGS = tuple(f"oprf1:7:email:v1:{n:032x}" for n in range(3))
TEMPLATE = Template(
    "Template t-1",
    "minhash:v1:n=5,k=128,b=32:" + base64.b64encode(bytes(range(256))).decode(),
    IndicatorPart(
        extension_type=OWN,
        scheme="minhash",
        normalizer="words-v1",
        shingle=5,
        permutations=128,
        bands=32,
        match_threshold=0.25,
        min_requests=20,
        benign_rate_upper=0.001,
    ),
)
TOLD = Told(
    uuid.UUID("cbfa5dd6-3f1b-4f77-a8c8-1f2f0e4f7d11"),
    "c-3f9a01c2",
    "Accounts that ask alike, in turns.",
    NOW - 5_000,
    NOW - 900_000_000,
    NOW - 100_000,
    80,
    CampaignPart(
        extension_type=OWN,
        targeted_capabilities=["code", "reasoning"],
        exchange_count_bucket="10000+",
        account_count_bucket="10-99",
        evidence_kinds=["harvest", "template"],
        member_count_at_least=2,
    ),
    GroupingPart(
        extension_type=OWN,
        size_bucket="2-9",
        linkage=[Link("rhythm", 12.5)],
        detector="campaigns",
        detector_sha256="ab" * 32,
        precision_lower_bound=0.97,
    ),
    TAGS,
    (TEMPLATE,),
    SightingPart(extension_type=OWN, member_count_at_least=2, noise=Noise("discrete-laplace", 1.0)),
    7,
)
