"""What moto 5.2.5 gets wrong, as far as Terraform meets it."""

import json
import re

from moto.awslambda.models import LambdaBackend, LambdaFunction
from moto.cloudtrail.models import CloudTrailBackend, Trail
from moto.cloudtrail.responses import CloudTrailResponse
from moto.es.urls import url_paths as es_url_paths
from moto.opensearch.models import OpenSearchDomain, default_cluster_config
from moto.opensearch.responses import OpenSearchServiceResponse

from .patching import patch
from .settings import SETTINGS

# ---------------------------------------------------------------- CloudTrail


@patch(CloudTrailBackend)
def delete_trail(moto, self, name):
    """The provider gives the ARN; moto looks for a name, and says nothing when there is none."""
    moto(self, self.get_trail(name).trail_name)


@patch(CloudTrailResponse)
def describe_trails(moto, self):
    """Only the trails asked for; moto gives all of them, and the provider stops at more than one."""
    wanted = self._get_param("trailNameList")
    trails = json.loads(moto(self))["trailList"]
    return json.dumps({"trailList": [t for t in trails if not wanted or {t["Name"], t["TrailARN"]} & set(wanted)]})


@patch(Trail)
def put_insight_selectors(moto, self, insight_selectors):
    """They replace the ones before; moto appends."""
    self.insight_selectors = insight_selectors


# ---------------------------------------------------------------- Lambda

LEFT_OUT = ("DeadLetterConfig", "LoggingConfig")


@patch(LambdaFunction)
def __init__(moto, self, account_id, spec, region, version=1):
    """moto forgets these settings."""
    self.left_out = {name: spec[name] for name in LEFT_OUT if name in spec}
    moto(self, account_id, spec, region, version)


@patch(LambdaFunction)
def update_configuration(moto, self, config_updates):
    self.left_out |= {name: config_updates[name] for name in LEFT_OUT if name in config_updates}
    self.tracing_config = config_updates.get("TracingConfig", self.tracing_config)
    self.kms_key_arn = config_updates.get("KMSKeyArn", self.kms_key_arn)
    self.ephemeral_storage = config_updates.get("EphemeralStorage", {}).get("Size", self.ephemeral_storage)
    return moto(self, config_updates)


@patch(LambdaFunction)
def get_configuration(moto, self, on_create=False):
    return moto(self, on_create) | self.left_out


@patch(LambdaBackend)
def put_function_event_invoke_config(moto, self, function_name, config):
    """The newest counts; moto keeps all and reads the first."""
    self.get_function(function_name).event_invoke_config.clear()
    return moto(self, function_name, config)


# ---------------------------------------------------------------- search domains


@patch(OpenSearchDomain)
def to_dict(moto, self):
    """An Elasticsearch domain has a processing status and a cluster configuration even when none was asked for;
    without them the provider fails or crashes."""
    status = moto(self) | {"DomainProcessingStatus": "Active", "Endpoint": SETTINGS.search_endpoint}
    if self.is_es:
        status["ElasticsearchClusterConfig"] = default_cluster_config | (self.elasticsearch_cluster_config or {})
    return status


def elasticsearch_config(request, full_url, headers):
    """An update of an Elasticsearch domain; moto only reads here."""
    response = OpenSearchServiceResponse()
    response.setup_class(request)
    name = request.path.split("/")[-2]
    domain = response.opensearch_backend.describe_domain(name)
    for parameter, value in (json.loads(request.data) if request.method == "POST" else {}).items():
        attribute = re.sub("(?<=[a-z])(?=[A-Z])|(?<=EBS|VPC)(?=O)", "_", parameter).lower()
        if hasattr(domain, attribute):
            setattr(domain, attribute, value)
    return 200, {}, json.dumps({"DomainConfig": domain.to_config_dict()})


es_url_paths["{0}/2015-01-01/es/domain/(?P<domainname>[^/]+)/config"] = elasticsearch_config
