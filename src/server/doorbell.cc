#include "server/doorbell.h"

#include <utility>

#include "base/log.h"
#include "net/sleep.h"
#include "postgres/metrics.h"
#include "server/databases.h"
#include "settings/settings.h"

namespace tidemill::server {
namespace {

constexpr Duration kPause = Milliseconds(500);
constexpr int kTriesBeforeTold = 4;

// Behind a pooler no attempt ever succeeds.
postgres::LaneOptions LaneOf(const postgres::PostgresSettings& settings) {
  postgres::LaneOptions lane;
  lane.session.connection.io_timeout = settings.io_timeout;
  lane.session.connection.statement_timeout = settings.statement_timeout;
  lane.session.connection.probe_interval = Seconds(10);
  lane.reconnect_delay_max = Seconds(15);
  return lane;
}

}  // namespace

std::unique_ptr<Doorbell> Doorbell::Make(net::Loop& loop, Bell bell, const Databases& databases,
                                         const settings::Settings& settings) {
  if (databases.postgres_opener() == nullptr) return nullptr;
  return std::unique_ptr<Doorbell>(new Doorbell(loop, std::move(bell), databases, settings));
}

Doorbell::Doorbell(net::Loop& loop, Bell bell, const Databases& databases, const settings::Settings& settings)
    : loop_(loop),
      bell_(std::move(bell)),
      schema_(settings.postgres.schema),
      listener_(postgres::MakeListener(loop, *databases.postgres_opener(), LaneOf(settings.postgres), *this,
                                       *databases.postgres_metrics())) {}

Doorbell::~Doorbell() = default;

void Doorbell::Start() { scope_->Spawn(Listen()); }

Task<void> Doorbell::Listen() {
  for (int tries = 1;; ++tries) {
    const auto heard = co_await listener_->Listen(bell_.channel);
    if (heard) break;
    if (tries == kTriesBeforeTold) {
      log::Warn(bell_.unheard_event, {{"why", heard.error().message}, {"effect", bell_.unheard_effect}});
    }
    co_await net::Sleep(loop_, kPause);
  }
  bell_.hears(true);
}

void Doorbell::OnNotification(std::string_view, std::string_view payload) {
  if (payload == schema_) bell_.ring();
}

}  // namespace tidemill::server
