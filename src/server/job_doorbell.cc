#include "server/job_doorbell.h"

#include "base/log.h"
#include "net/sleep.h"
#include "postgres/metrics.h"
#include "server/databases.h"
#include "settings/settings.h"

namespace tidemill::server {
namespace {

constexpr char kChannel[] = "tidemill_jobs";  // Store::RingForInbox
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

std::unique_ptr<JobDoorbell> JobDoorbell::Make(net::Loop& loop, jobs::Engine& engine,
                                               const Databases& databases,
                                               const settings::Settings& settings) {
  if (databases.postgres_opener() == nullptr) return nullptr;
  return std::unique_ptr<JobDoorbell>(new JobDoorbell(loop, engine, databases, settings));
}

JobDoorbell::JobDoorbell(net::Loop& loop, jobs::Engine& engine, const Databases& databases,
                         const settings::Settings& settings)
    : loop_(loop),
      engine_(engine),
      schema_(settings.postgres.schema),
      listener_(postgres::MakeListener(loop, *databases.postgres_opener(), LaneOf(settings.postgres), *this,
                                       *databases.postgres_metrics())) {}

JobDoorbell::~JobDoorbell() = default;

void JobDoorbell::Start() { scope_->Spawn(Listen()); }

Task<void> JobDoorbell::Listen() {
  for (int tries = 1;; ++tries) {
    const auto heard = co_await listener_->Listen(kChannel);
    if (heard) break;
    if (tries == kTriesBeforeTold) {
      log::Warn("jobs.inbox_polled", {{"why", heard.error().message},
                                      {"effect", "jobs enqueued by SQL begin up to 0.25 s later"}});
    }
    co_await net::Sleep(loop_, kPause);
  }
  engine_.HearInbox(true);
}

void JobDoorbell::OnNotification(std::string_view, std::string_view payload) {
  if (payload == schema_) engine_.LookIntoInbox();
}

void JobDoorbell::OnLost() { engine_.HearInbox(false); }
void JobDoorbell::OnRestored() { engine_.HearInbox(true); }

}  // namespace tidemill::server
