#include "realtime/proxies/proxies.h"

#include <fmt/format.h>

#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/json.h"
#include "realtime/proxies/endpoint.h"
#include "realtime/proxies/reply.h"
#include "realtime/proxies/request.h"
#include "realtime/proxies/routes.h"
#include "realtime/proxies/withdrawals.h"
#include "realtime/session/context.h"

namespace tidemill::proxies {
namespace {

using session::Client;
using session::Refused;
using session::Verdict;

Asker AskerOf(const Client& client, const Endpoint& endpoint) {
  const bool json = client.form.encoding == protocol::Encoding::kJson;
  const bool meta = endpoint.includes_meta() && client.identity;
  return {.client = client.id.ToString(),
          .transport = NameOf(client.form.transport()),
          .protocol = json ? "json" : "protobuf",
          .user = client.user,
          .meta = meta ? std::string_view(client.identity->meta) : ""};
}

// What a client is told: in its encoding there may be only JSON.
bool CanBeTold(const Client& client, std::string_view payload) {
  return payload.empty() || client.form.encoding != protocol::Encoding::kJson || IsJson(payload);
}

// Of those terms that hold something for the client.
template <class Terms>
std::string_view PayloadOf(const Terms& terms) {
  if constexpr (requires { std::string_view(terms.data); }) {
    return terms.data;
  } else {
    return "";
  }
}

// The result; nullopt: there is none. What went wrong is counted, logged, and for the client.
template <class Terms>
Task<Verdict<std::optional<Terms>>> Ask(EndpointPtr endpoint, const Client& client, Result<std::string> body,
                                        Repeating repeating) {
  const MonotonicTime begun = endpoint->loop().clock().Now();
  endpoint->metrics().Begin();
  const auto end = [&](Outcome outcome) {
    endpoint->metrics().End(outcome, endpoint->loop().clock().Now() - begun);
  };
  if (!body) {
    end(Outcome::kNotJson);
    co_return client.Refuse(kErrorDataNotJson, {.why = body.error().detail, .setting = "binary_encoding"});
  }
  Endpoint::Answer answer = co_await endpoint->Ask(&client, *std::move(body), repeating);
  if (answer.why) {
    end(answer.outcome);
    // Nobody is there any more to be refused something.
    if (answer.outcome == Outcome::kWithdrawn) co_return Refused(*answer.why);
    co_return client.Refuse(*answer.why, {.why = NameOf(answer.outcome)});
  }
  Result<Reply<Terms>> reply = ReadReply<Terms>(answer.body);
  if (reply && reply->result && !CanBeTold(client, PayloadOf(*reply->result))) {
    reply = Fail(Errc::kInvalidArgument, "its data are not JSON, and the client speaks JSON");
  }
  if (!reply) {
    endpoint->Complain("its answer: " + reply.error().detail);
    end(Outcome::kMalformed);
    co_return client.Refuse(kErrorServiceFails, {.why = "the answer of a proxy's service"});
  }
  if (reply->refusing) {
    end(std::holds_alternative<ErrorText>(*reply->refusing) ? Outcome::kError : Outcome::kDisconnect);
    co_return client.Refuse(RefusalOf(*reply->refusing), {.why = "the service behind a proxy refuses it"});
  }
  end(Outcome::kResult);
  co_return std::move(reply->result);
}

// Of a connection or a subscription that expires: what is no result ends it; nullopt where nothing was said.
Task<std::optional<session::RefreshTerms>> AskToRefresh(EndpointPtr endpoint, const Client& client,
                                                        std::string body) {
  Endpoint::Answer answer;
  const MonotonicTime begun = endpoint->loop().clock().Now();
  endpoint->metrics().Begin();
  answer = co_await endpoint->Ask(&client, std::move(body), Repeating::kSafe);
  Outcome outcome = answer.outcome;
  std::optional<session::RefreshTerms> terms;
  if (outcome == Outcome::kResult) {
    const auto reply = ReadReply<session::RefreshTerms>(answer.body);
    if (!reply) {
      endpoint->Complain("its answer: " + reply.error().detail);
      outcome = Outcome::kMalformed;
    } else {
      const bool goes_on = reply->result && !reply->refusing;
      if (reply->refusing) outcome = Outcome::kError;
      terms = goes_on ? *reply->result : session::RefreshTerms{.expired = true, .info = {}, .meta = {}};
    }
  } else if (outcome == Outcome::kTooManyWait) {
    terms = session::RefreshTerms{.not_asked = true, .info = {}, .meta = {}};
  } else if (outcome == Outcome::kError || outcome == Outcome::kDisconnect) {
    terms = session::RefreshTerms{.expired = true, .info = {}, .meta = {}};
  }
  endpoint->metrics().End(outcome, endpoint->loop().clock().Now() - begun);
  co_return terms;
}

// Of no client: what went wrong is counted and logged.
Task<std::optional<polls::Answer>> AskToPoll(EndpointPtr endpoint, std::string body) {
  const MonotonicTime begun = endpoint->loop().clock().Now();
  endpoint->metrics().Begin();
  const Endpoint::Answer answer = co_await endpoint->Ask(nullptr, std::move(body), Repeating::kSafe);
  Outcome outcome = answer.outcome;
  std::optional<polls::Answer> result;
  if (outcome == Outcome::kResult) {
    Result<Reply<polls::Answer>> reply = ReadReply<polls::Answer>(answer.body);
    if (!reply) {
      endpoint->Complain("its answer: " + reply.error().detail);
      outcome = Outcome::kMalformed;
    } else if (reply->refusing) {
      endpoint->Complain("its answer is an error");
      outcome = std::holds_alternative<ErrorText>(*reply->refusing) ? Outcome::kError : Outcome::kDisconnect;
    } else {
      result = std::move(reply->result).value_or(polls::Answer{});
    }
  }
  endpoint->metrics().End(outcome, endpoint->loop().clock().Now() - begun);
  co_return result;
}

EndpointPtr Find(const Endpoints& endpoints, const std::string& name) {
  const auto found = endpoints.find(name);
  return found == endpoints.end() ? nullptr : found->second;
}

class HttpProxies final : public Proxies {
 public:
  explicit HttpProxies(const Surroundings& surroundings) : surroundings_(surroundings) {}

  std::function<void()> Prepare(const ProxiesSettings& settings, std::shared_ptr<const ProxiesTls> tls,
                                const channels::ChannelSettings& channel) override {
    return [this, settings, channel, tls = std::move(tls)] { Open(settings, *tls, channel); };
  }

  void Open(const ProxiesSettings& settings, const ProxiesTls& tls,
            const channels::ChannelSettings& channel) {
    routes_ = OpenRoutes({.loop = surroundings_.loop,
                          .registry = surroundings_.registry,
                          .client_metrics = surroundings_.client_metrics,
                          .withdrawals = withdrawals_},
                         settings, tls, channel, routes_);
  }

  // session::Backend
  bool Keeps(session::HeaderFrom from, std::string_view name) const override {
    const HeaderNames& names = routes_.header_names;
    return Names(from == session::HeaderFrom::kHandshake ? names.handshake : names.connect, name);
  }
  bool decides_connects() const override { return routes_.connect != nullptr; }
  bool refreshes_connections() const override { return routes_.refresh != nullptr; }
  Task<Verdict<std::optional<session::ConnectTerms>>> Connect(
      const Client& client, const protocol::ConnectRequest& request) override;
  Task<Verdict<session::SubscribeTerms>> Subscribe(session::SubscribeCall call) override;
  Task<Verdict<session::PublishTerms>> Publish(session::PublishQuestion question) override;
  Task<Verdict<session::KeyTerms>> ChangeKey(session::PublishQuestion question) override;
  Task<Verdict<std::string>> Call(const Client& caller, std::string method, std::string data) override;
  Task<std::optional<session::RefreshTerms>> Refresh(const Client& client) override;
  Task<std::optional<session::RefreshTerms>> RefreshSubscription(const Client& client,
                                                                 std::string channel) override;
  void OnClientGone(const Client& client) override { withdrawals_->TakeBack(client); }

  // polls::Source
  Task<std::optional<polls::Answer>> Poll(polls::Question question) override;

 private:
  // Null: error 108, after a reload at most.
  template <class Terms>
  static Task<Verdict<Terms>> AskOrDefault(EndpointPtr endpoint, const Client& client,
                                           Result<std::string> body, Repeating repeating);
  // Null: there is no such namespace.
  const RpcOptions* OptionsOf(std::string_view method) const;

  const Surroundings surroundings_;
  const std::shared_ptr<Withdrawals> withdrawals_ = std::make_shared<Withdrawals>();
  Routes routes_;
};

// A result that says nothing grants what was asked for.
template <class Terms>
Task<Verdict<Terms>> HttpProxies::AskOrDefault(EndpointPtr endpoint, const Client& client,
                                               Result<std::string> body, Repeating repeating) {
  TM_CO_TRY_ASSIGN(std::optional<Terms> terms,
                   co_await Ask<Terms>(std::move(endpoint), client, std::move(body), repeating));
  co_return std::move(terms).value_or(Terms{});
}

std::unexpected<session::Refusal> NoProxy(const Client& client, std::string_view channel) {
  return client.Refuse(protocol::kErrorNotAvailable,
                       {.channel = channel, .why = "the proxy of the namespace is not configured"});
}

Task<Verdict<std::optional<session::ConnectTerms>>> HttpProxies::Connect(
    const Client& client, const protocol::ConnectRequest& request) {
  const EndpointPtr endpoint = routes_.connect;
  Asker asker = AskerOf(client, *endpoint);
  asker.meta = "";
  return Ask<session::ConnectTerms>(endpoint, client, ConnectBody(asker, request, endpoint->payloads()),
                                    Repeating::kSafe);
}

Task<Verdict<session::SubscribeTerms>> HttpProxies::Subscribe(session::SubscribeCall call) {
  const EndpointPtr endpoint = Find(routes_.subscribe, call.channel.options->subscribe_proxy_name);
  if (!endpoint) co_return NoProxy(call.client, call.request.channel);
  auto body = SubscribeBody(AskerOf(call.client, *endpoint), call.request, endpoint->payloads());
  co_return co_await AskOrDefault<session::SubscribeTerms>(endpoint, call.client, std::move(body),
                                                           Repeating::kSafe);
}

Task<Verdict<session::PublishTerms>> HttpProxies::Publish(session::PublishQuestion question) {
  const EndpointPtr endpoint = Find(routes_.publish, question.channel.options->publish_proxy_name);
  if (!endpoint) co_return NoProxy(question.client, question.request.channel);
  auto body = PublishBody(AskerOf(question.client, *endpoint), question.request, endpoint->payloads());
  co_return co_await AskOrDefault<session::PublishTerms>(endpoint, question.client, std::move(body),
                                                         Repeating::kNever);
}

Task<Verdict<session::KeyTerms>> HttpProxies::ChangeKey(session::PublishQuestion question) {
  const channels::MapOptions& map = question.channel.options->map;
  const EndpointPtr endpoint = question.request.removed ? Find(routes_.map_remove, map.remove_proxy_name)
                                                        : Find(routes_.map_publish, map.publish_proxy_name);
  if (!endpoint) co_return NoProxy(question.client, question.request.channel);
  auto body = KeyBody(AskerOf(question.client, *endpoint), question.request, endpoint->payloads());
  co_return co_await AskOrDefault<session::KeyTerms>(endpoint, question.client, std::move(body),
                                                     Repeating::kNever);
}

const RpcOptions* HttpProxies::OptionsOf(std::string_view method) const {
  const std::size_t colon = method.find(':');
  if (colon == std::string_view::npos || colon == 0) return &routes_.settings.rpc_without_namespace;
  const auto found = routes_.settings.rpc_namespaces.find(std::string(method.substr(0, colon)));
  return found == routes_.settings.rpc_namespaces.end() ? nullptr : &found->second;
}

Task<Verdict<std::string>> HttpProxies::Call(const Client& caller, std::string method, std::string data) {
  if (routes_.settings.rpc_ping && method == routes_.settings.rpc_ping_method) co_return std::string();
  const RpcOptions* const options = OptionsOf(method);
  if (!options && !routes_.rpc.empty()) {
    co_return caller.Refuse(protocol::kErrorMethodNotFound,
                            {.why = "the method is of no namespace", .setting = "rpc.namespaces"});
  }
  const EndpointPtr endpoint =
      options && options->proxy_enabled ? Find(routes_.rpc, options->proxy_name) : nullptr;
  if (!endpoint) {
    co_return caller.Refuse(protocol::kErrorNotAvailable,
                            {.why = "nothing answers rpc of that namespace", .setting = "proxy_enabled"});
  }
  auto body = RpcBody(AskerOf(caller, *endpoint), method, data, endpoint->payloads());
  TM_CO_TRY_ASSIGN(RpcTerms terms,
                   co_await AskOrDefault<RpcTerms>(endpoint, caller, std::move(body), Repeating::kNever));
  co_return std::move(terms.data);
}

Task<std::optional<session::RefreshTerms>> HttpProxies::Refresh(const Client& client) {
  const EndpointPtr endpoint = routes_.refresh;
  return AskToRefresh(endpoint, client, RefreshBody(AskerOf(client, *endpoint), endpoint->payloads()));
}

Task<std::optional<session::RefreshTerms>> HttpProxies::RefreshSubscription(const Client& client,
                                                                            std::string channel) {
  const auto found = client.settings().rules->Find(channel);
  const EndpointPtr endpoint =
      found ? Find(routes_.sub_refresh, found->options->sub_refresh_proxy_name) : nullptr;
  if (!endpoint) co_return session::RefreshTerms{.expired = true, .info = {}, .meta = {}};
  co_return co_await AskToRefresh(endpoint, client,
                                  SubRefreshBody(AskerOf(client, *endpoint), channel, endpoint->payloads()));
}

Task<std::optional<polls::Answer>> HttpProxies::Poll(polls::Question question) {
  const EndpointPtr endpoint = Find(routes_.shared_poll_refresh, question.proxy);
  if (!endpoint) co_return std::nullopt;
  co_return co_await AskToPoll(endpoint, PollBody(question));
}

}  // namespace

std::unique_ptr<Proxies> Proxies::Make(const Surroundings& surroundings, const ProxiesSettings& settings,
                                       std::shared_ptr<const ProxiesTls> tls,
                                       const channels::ChannelSettings& channel) {
  auto proxies = std::make_unique<HttpProxies>(surroundings);
  proxies->Open(settings, *tls, channel);
  return proxies;
}

}  // namespace tidemill::proxies
