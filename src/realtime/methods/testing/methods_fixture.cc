#include "realtime/methods/testing/methods_fixture.h"

#include "base/assert.h"

namespace tidemill::methods::testing {
namespace {

std::string Describe(const control::Target& target) {
  std::string text = target.user + "/" + target.client + "/" + target.session;
  for (const std::string& client : target.except_clients) text += " not " + client;
  return text;
}

void Append(std::string& text, std::string_view name, const std::optional<bool>& value) {
  if (value) text.append(" ").append(name).append(*value ? "=yes" : "=no");
}

std::string Describe(const std::string& target, const control::Subscribe& subscribe) {
  std::string text = "subscribe " + target + " " + subscribe.channel;
  if (!subscribe.info.empty()) text += " info=" + subscribe.info;
  if (!subscribe.data.empty()) text += " data=" + subscribe.data;
  if (subscribe.expire_at > 0) text += " expire_at=" + std::to_string(subscribe.expire_at);
  if (subscribe.recover_since) {
    text += " since=" + std::to_string(subscribe.recover_since->offset) + subscribe.recover_since->epoch;
  }
  for (const auto& [name, value] : auth::kOverrideFields) Append(text, name.text, subscribe.overrides.*value);
  return text;
}

std::string Describe(const std::string& target, const control::Unsubscribe& unsubscribe) {
  return "unsubscribe " + target + " " + unsubscribe.channel;
}

std::string Describe(const std::string& target, const control::Disconnect& disconnect) {
  return "disconnect " + target + " " + std::to_string(disconnect.code) + " " + disconnect.reason;
}

std::string Describe(const std::string& target, const control::Deliver& deliver) {
  return "deliver " + target + " " + deliver.frame;
}

std::string Describe(const std::string&, const control::ChangeAccess& change) {
  return "access " + access::KeyOf(change.entry) + " before " + std::to_string(change.entry.issued_before) +
         " until " + std::to_string(change.entry.expire_at) + (change.entry.lifted ? " lifted" : "");
}

std::string Describe(const std::string& target, const control::Refresh& refresh) {
  return "refresh " + target + (refresh.expired ? " expired" : "") +
         " expire_at=" + std::to_string(refresh.expire_at) + (refresh.info ? " info=" + *refresh.info : "");
}

}  // namespace

Task<Result<void>> FakeDirectory::Apply(control::Target target, control::Action action) {
  asked.push_back(std::visit([&](const auto& chosen) { return Describe(Describe(target), chosen); }, action));
  co_return answer;
}

Task<Result<std::vector<broker::ChannelCount>>> FakeDirectory::Channels(std::string pattern) {
  if (!answer) co_return std::unexpected(answer.error());
  co_return co_await broker->Channels(std::move(pattern));
}

Task<Result<control::ConnectionsPage>> FakeDirectory::Connections(control::ConnectionsQuery asked_for) {
  query = std::move(asked_for);
  if (!answer) co_return std::unexpected(answer.error());
  co_return connections;
}

namespace {

// Writes down what it is asked to read of states.
class RecordingMaps final : public broker::MapBroker {
 public:
  RecordingMaps(broker::MapBroker& inner, std::vector<broker::MapStateQuery>& reads)
      : inner_(inner), reads_(reads) {}

  Task<Result<broker::MapOutcome>> Publish(broker::ChannelName channel, broker::Publication publication,
                                           broker::MapPublishOptions options) override {
    return inner_.Publish(std::move(channel), std::move(publication), std::move(options));
  }
  Task<Result<broker::MapOutcome>> Remove(broker::ChannelName channel, std::string key,
                                          broker::MapRemoveOptions options) override {
    return inner_.Remove(std::move(channel), std::move(key), std::move(options));
  }
  Task<Result<broker::MapPage>> ReadState(broker::ChannelName channel, broker::MapStateQuery query,
                                          broker::MapSettings map) override {
    reads_.push_back(query);
    return inner_.ReadState(std::move(channel), std::move(query), map);
  }
  Task<Result<broker::MapStats>> Stats(broker::ChannelName channel) override {
    return inner_.Stats(std::move(channel));
  }
  Task<Result<void>> Clear(broker::ChannelName channel) override { return inner_.Clear(std::move(channel)); }

 private:
  broker::MapBroker& inner_;
  std::vector<broker::MapStateQuery>& reads_;
};

}  // namespace

MethodsFixture::MethodsFixture(std::size_t loops) : ApiBench(loops) {
  shards_ = broker::MakeMemoryBrokerShards(ApiBench::loops(), {});
  for (std::size_t i = 0; i < loops; ++i) {
    nodes_.push_back(shards_->TakeShard(i));
    nodes_.back().broker->SetEvents(*this);
  }
  directory.broker = nodes_[0].broker.get();
  publisher_ =
      std::make_unique<broker::Publisher>(*nodes_[0].broker, *nodes_[0].presence, DefaultSettings().rules);
  recording_maps_ = std::make_unique<RecordingMaps>(*nodes_[0].maps, state_reads);
  maps_ =
      std::make_unique<broker::MapPublisher>(*recording_maps_, *nodes_[0].broker, DefaultSettings().rules);
  services_ = std::make_unique<Services>(*publisher_, *maps_, directory, access);
  Serve(RealtimeMethods(*services_));
}

MethodsFixture::~MethodsFixture() { Stop(); }

MethodsFixture::Settings MethodsFixture::DefaultSettings() {
  channels::ChannelSettings channels;
  channels.without_namespace.history_size = 5;
  channels.without_namespace.history_ttl = Seconds(300);
  channels.without_namespace.presence = true;
  channels.namespaces["plain"] = {};
  channels.namespaces["object"].publication_data_format = "json_object";
  channels.namespaces["bytes"] = channels.without_namespace;
  channels.namespaces["bytes"].publication_data_format = "binary";
  auto& map = channels.namespaces["map"];
  map.subscription_type = "map";
  map.map.mode = "recoverable";
  map.map.key_ttl = Seconds(60);
  channels.namespaces["top"] = map;
  channels.namespaces["top"].map.ordered = true;
  channels.namespaces["cursors"] = map;
  channels.namespaces["cursors"].map.mode = "ephemeral";
  auto rules = channels::Rules::Make(std::move(channels));
  TM_ASSERT(rules.has_value());
  return {.http_api = ApiBench::DefaultSettings(), .rules = *std::move(rules)};
}

void MethodsFixture::Reload(const Settings& settings) {
  ApiBench::Reload(settings.http_api);
  publisher_->ReplaceRules(settings.rules);
  maps_->ReplaceRules(settings.rules);
}

void MethodsFixture::Publish(broker::PublishCall call) {
  Run([](broker::Publisher& publisher, broker::PublishCall what) -> Task<void> {
    const auto done = co_await publisher.Publish(std::move(what));
    TM_ASSERT(done.has_value());
  }(*publisher_, std::move(call)));
}

void MethodsFixture::PublishKey(broker::MapPublishCall call) {
  Run([](broker::MapPublisher& maps, broker::MapPublishCall what) -> Task<void> {
    const auto done = co_await maps.Publish(std::move(what));
    TM_ASSERT(done.has_value());
  }(*maps_, std::move(call)));
}

void MethodsFixture::Subscribe(std::string channel) {
  Run([](broker::Broker& broker, std::string name) -> Task<void> {
    const auto subscribed = co_await broker.Subscribe(broker::ChannelName(std::move(name)), {});
    TM_ASSERT(subscribed.has_value());
  }(*nodes_[0].broker, std::move(channel)));
}

void MethodsFixture::AddPresence(std::string channel, protocol::ClientInfo info) {
  Run([](broker::PresenceStore& presence, std::string name, protocol::ClientInfo entry) -> Task<void> {
    const auto added = co_await presence.Add(broker::ChannelName(std::move(name)), std::move(entry));
    TM_ASSERT(added.has_value());
  }(*nodes_[0].presence, std::move(channel), std::move(info)));
}

void MethodsFixture::OnPublication(const broker::ChannelName& channel,
                                   const broker::PublicationPtr& publication) {
  std::string line = channel.value() + " " + publication->data;
  for (const auto& [name, value] : publication->tags) line.append(" ").append(name).append("=").append(value);
  published.push_back(std::move(line));
  last_published = publication;
}

}  // namespace tidemill::methods::testing
