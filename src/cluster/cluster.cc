#include "cluster/cluster.h"

#include "base/log.h"
#include "cluster/decode.h"

namespace tidemill::cluster {

Cluster::Cluster(net::Loop& loop, Bus& bus, control::Directory& local, NodeId self, ClusterMetrics& metrics)
    : loop_(loop),
      metrics_(metrics),
      sender_(loop, bus, std::move(self), metrics, scope_),
      membership_(sender_, local, metrics),
      replies_(loop, metrics.waiting),
      commands_(sender_, membership_, replies_, local, metrics),
      surveys_(sender_, membership_, replies_, local, metrics) {
  bus.SetEvents(*this);
}

Cluster::~Cluster() = default;

void Cluster::OnMessage(std::string_view text) {
  metrics_.messages_in.Add();
  Result<std::optional<Message>> message = Decode(text);
  if (!message) {
    metrics_.malformed.Add();
    log::Debug("cluster.message_malformed", {{"why", std::string_view(message.error().detail)}});
    return;
  }
  if (!*message || (*message)->from == sender_.self()) return;
  const NodeId from = std::move((*message)->from);
  membership_.table().Touch(from, sender_.Now());
  std::visit([&](auto&& body) { On(from, std::move(body)); }, std::move((*message)->body));
}

void Cluster::On(const NodeId& from, Heartbeat heartbeat) { membership_.OnHeartbeat(from, heartbeat); }

void Cluster::On(const NodeId& from, Left) {
  if (membership_.OnLeft(from)) replies_.OnLeft(from);
}

void Cluster::On(const NodeId& from, Command command) { commands_.OnCommand(from, std::move(command)); }

void Cluster::On(const NodeId& from, Survey survey) { surveys_.OnSurvey(from, std::move(survey)); }

void Cluster::On(const NodeId& from, Ack ack) {
  const std::uint64_t id = ack.id;
  replies_.OnReply(from, id, std::move(ack));
}

void Cluster::On(const NodeId& from, SurveyReply reply) {
  const std::uint64_t id = reply.id;
  replies_.OnReply(from, id, std::move(reply));
}

}  // namespace tidemill::cluster
