#include "realtime/session/backend_refresh.h"

#include <optional>
#include <utility>

#include "base/random.h"
#include "realtime/session/backend.h"
#include "realtime/session/context.h"

namespace tidemill::session {
namespace {

constexpr std::int64_t kGraceSeconds = 60;
constexpr std::int64_t kNotAskedSeconds = 5;
// So that those that expired together do not ask together for ever.
constexpr std::uint64_t kSpreadSeconds = 15;

std::int64_t AfterAbout(const Client& client, std::int64_t seconds) {
  return client.WallSeconds() + seconds + static_cast<std::int64_t>(RandomBelow(kSpreadSeconds));
}

}  // namespace

bool IsRefreshed(const Client& client) {
  const Backend* const backend = client.context.backend;
  return client.asks_backend && backend && backend->refreshes_connections();
}

Task<bool> ProlongConnection(Client& client) {
  client.Renew(AfterAbout(client, kGraceSeconds), nullptr);
  const std::uint32_t renewals = client.renewals();
  std::optional<RefreshTerms> terms = co_await client.context.backend->Refresh(client);
  if (!terms || client.renewals() != renewals) co_return true;
  if (terms->not_asked) {
    client.Renew(AfterAbout(client, kNotAskedSeconds), nullptr);
    co_return true;
  }
  if (terms->expired || terms->expire_at <= client.WallSeconds()) co_return false;
  client.Renew(terms->expire_at, terms->info ? &*terms->info : nullptr);
  if (terms->meta) client.KeepMeta(*std::move(terms->meta));
  co_return true;
}

Task<bool> ProlongSubscription(Client& client, Subscriptions& subscriptions, std::string channel,
                               std::uint32_t number) {
  if (!subscriptions.Holds(channel, number)) co_return true;
  const std::int64_t meanwhile = AfterAbout(client, kGraceSeconds);
  subscriptions.SetExpiry(*subscriptions.Find(channel), meanwhile);
  std::optional<RefreshTerms> terms = co_await client.context.backend->RefreshSubscription(client, channel);
  if (!terms || !subscriptions.Holds(channel, number)) co_return true;
  if (terms->not_asked) terms->expire_at = AfterAbout(client, kNotAskedSeconds);
  if (terms->expired || client.IsPast(terms->expire_at)) co_return false;
  ChannelSubscription& subscription = *subscriptions.Find(channel);
  if (subscription.expire_at == meanwhile) subscriptions.SetExpiry(subscription, terms->expire_at);
  if (terms->info) subscription.Extra().info = *std::move(terms->info);
  co_return true;
}

}  // namespace tidemill::session
