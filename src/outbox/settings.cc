#include "outbox/settings.h"

#include "config/section.h"

namespace tidemill::outbox {
namespace {

constexpr config::Row<OutboxSettings> kOutbox[] = {
    {"enabled",
     config::Of<&OutboxSettings::enabled>,
     {.doc = "Sends what transactions of your own have published by SQL (tidemill.publish), once they have "
             "committed. Kept in storage.postgres.url or else in storage.sqlite.path. `serve --dev` does.",
      .reload = config::Reload::kNo}},
    {"depth_max",
     config::Of<&OutboxSettings::depth_max>,
     {.doc = "Entries that may wait; then publishing fails, and the transaction with it, until some have "
             "left. Looked at once in a second, above 10,000 entries once in 10 s, so some more may come.",
      .min = 1,
      .max = 1'000'000'000,
      .reload = config::Reload::kNo}},
    {"parked_max",
     config::Of<&OutboxSettings::parked_max>,
     {.doc = "Entries that may be parked because they cannot leave; then a further one waits, and those of "
             "its key behind it.",
      .min = 1,
      .max = 10'000,
      .reload = config::Reload::kNo}},
    {"attempts_max",
     config::Of<&OutboxSettings::attempts_max>,
     {.doc = "How often an entry is tried again before it is parked; counted only while others leave, not "
             "while the broker is away.",
      .max = 1'000'000,
      .reload = config::Reload::kNo}},
    {"retry_pause_max",
     config::Of<&OutboxSettings::retry_pause_max>,
     {.doc =
          "The longest pause before an entry is tried again; the first is 50 ms, and each is twice the one "
          "before.",
      .min = 50,
      .max = config::kHour,
      .reload = config::Reload::kNo}},
    {"poll_interval",
     config::Of<&OutboxSettings::poll_interval>,
     {.doc = "How often an idle server looks into the outbox without being told: behind a pooler of "
             "transactions, and for what other processes write into SQLite, this is the delay.",
      .min = 10,
      .max = 60 * config::kSecond,
      .reload = config::Reload::kNo}},
    {"lease",
     config::Of<&OutboxSettings::lease>,
     {.doc = "How long after the end of the node that relays another one takes over.",
      .min = 1000,
      .max = config::kHour,
      .reload = config::Reload::kNo}},
};

}  // namespace

RelayOptions OptionsOf(const OutboxSettings& settings) {
  return {.node = {},
          .interval = settings.poll_interval,
          .lease = settings.lease,
          .depth_max = settings.depth_max,
          .parked_max = settings.parked_max,
          .attempts_max = settings.attempts_max,
          .retry_pause_max = settings.retry_pause_max};
}

config::Section<OutboxSettings> OutboxSection() { return {.rows = kOutbox}; }

}  // namespace tidemill::outbox
