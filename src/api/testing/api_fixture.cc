#include "api/testing/api_fixture.h"

#include "base/assert.h"

namespace tidemill::api::testing {
namespace {

std::string Describe(const control::Target& target) {
  std::string text = target.user + "/" + target.client + "/" + target.session;
  for (const std::string& client : target.except_clients) text += " not " + client;
  return text;
}

void Append(std::string& text, std::string_view name, const std::optional<bool>& value) {
  if (value) text.append(" ").append(name).append(*value ? "=yes" : "=no");
}

std::string MaskEpochs(std::string body) {
  constexpr std::string_view kName = R"("epoch":")";
  for (std::size_t at = body.find(kName); at != std::string::npos; at = body.find(kName, at + 1)) {
    const std::size_t begin = at + kName.size();
    body.replace(begin, body.find('"', begin) - begin, "EPOCH");
  }
  return body;
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

ApiFixture::ApiFixture(std::size_t loops) : metrics_(registry) {
  std::vector<net::Loop*> opened;
  for (std::size_t i = 0; i < loops; ++i) {
    auto loop = net::Loop::Open({.index = i, .read_buffer_bytes = 1024});
    TM_ASSERT(loop.has_value());
    loops_.push_back(*std::move(loop));
    opened.push_back(loops_.back().get());
  }
  shards_ = broker::MakeMemoryBrokerShards(opened, {});
  for (std::size_t i = 0; i < loops; ++i) {
    nodes_.push_back(shards_->TakeShard(i));
    nodes_.back().broker->SetEvents(*this);
  }
  directory.broker = nodes_[0].broker.get();
  const auto settings = std::make_shared<const ApiSettings>(DefaultSettings());
  publisher_ = std::make_unique<broker::Publisher>(*nodes_[0].broker, *nodes_[0].presence, settings->rules);
  service_ = std::unique_ptr<Service>(new Service{.commands = Commands({*publisher_, directory}, settings),
                                                  .authenticator = MakeAuthenticator(settings->http_api),
                                                  .metrics = metrics_});
  routes = MakeRoutes(*service_, "/api");
  scope_ = std::make_unique<TaskScope>();
}

ApiFixture::~ApiFixture() = default;

ApiSettings ApiFixture::DefaultSettings() {
  config::ChannelSettings channels;
  channels.without_namespace.history_size = 5;
  channels.without_namespace.history_ttl = Seconds(300);
  channels.without_namespace.presence = true;
  channels.namespaces["plain"] = {};
  channels.namespaces["object"].publication_data_format = "json_object";
  channels.namespaces["bytes"] = channels.without_namespace;
  channels.namespaces["bytes"].publication_data_format = "binary";
  auto rules = channels::Rules::Make(std::move(channels));
  TM_ASSERT(rules.has_value());
  ApiSettings settings;
  settings.http_api.keys = {{"k"}};
  settings.rules = *std::move(rules);
  return settings;
}

void ApiFixture::Reload(ApiSettings settings) {
  service_->authenticator = MakeAuthenticator(settings.http_api);
  publisher_->ReplaceRules(settings.rules);
  service_->commands.ReplaceSettings(std::make_shared<const ApiSettings>(std::move(settings)));
}

void ApiFixture::Run(Task<void> task) {
  loops_[0]->Post([this, moved = std::move(task)]() mutable { scope_->Spawn(std::move(moved)); });
  do {
    for (const auto& loop : loops_) loop->RunOnce(Milliseconds(0));
  } while (scope_->running() > 0);
}

Task<void> ApiFixture::Ask(std::shared_ptr<http::Handler> handler, const http::Request& request,
                           Reply& reply) {
  http::Response response = co_await handler->Handle(request);
  reply = {.status = response.status, .body = MaskEpochs(std::move(response.body))};
}

ApiFixture::Reply ApiFixture::PostWith(std::string_view method, std::string_view body, Headers headers,
                                       std::string_view query) {
  std::string path = "/api";
  if (!method.empty()) path.append("/").append(method);
  http::Request request;
  request.method = http::Method::kPost;
  request.path = path;
  request.query = query;
  request.headers = std::move(headers);
  request.body = body;
  for (const Route& route : routes) {
    if (route.path != path || route.method != http::Method::kPost) continue;
    Reply reply;
    Run(Ask(route.handler, request, reply));
    return reply;
  }
  return {.status = 404, .body = ""};
}

ApiFixture::Reply ApiFixture::Post(std::string_view method, std::string_view body) {
  return PostWith(method, body, {{"X-API-Key", "k"}});
}

void ApiFixture::Subscribe(std::string channel) {
  Run([](broker::Broker& broker, std::string name) -> Task<void> {
    const auto subscribed = co_await broker.Subscribe(broker::ChannelName(std::move(name)), {});
    TM_ASSERT(subscribed.has_value());
  }(*nodes_[0].broker, std::move(channel)));
}

void ApiFixture::AddPresence(std::string channel, protocol::ClientInfo info) {
  Run([](broker::PresenceStore& presence, std::string name, protocol::ClientInfo entry) -> Task<void> {
    const auto added = co_await presence.Add(broker::ChannelName(std::move(name)), std::move(entry));
    TM_ASSERT(added.has_value());
  }(*nodes_[0].presence, std::move(channel), std::move(info)));
}

void ApiFixture::OnPublication(const broker::ChannelName& channel,
                               const broker::PublicationPtr& publication) {
  std::string line = channel.value() + " " + publication->data;
  for (const auto& [name, value] : publication->tags) line.append(" ").append(name).append("=").append(value);
  published.push_back(std::move(line));
  last_published = publication;
}

}  // namespace tidemill::api::testing
