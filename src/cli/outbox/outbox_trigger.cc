#include "cli/outbox/outbox_trigger.h"

#include <memory>

#include "cli/outbox/trigger_sql.h"
#include "cli/settings.h"
#include "settings/settings.h"

namespace tidemill::cli {
namespace {

struct Options {
  SettingsOptions settings;
  TriggerWish wish;
  bool drop = false;
};

int PrintTrigger(const Options& options, Io io) {
  const auto settings = LoadSettings(options.settings);
  if (!settings) return Failed(io, settings.error().detail);
  TriggerWish wish = options.wish;
  wish.schema = settings->postgres.schema;
  const auto sql = options.drop ? DropTriggerSql(wish) : TriggerSql(wish);
  if (!sql) return Misused(io, sql.error().detail);
  Print(io, *sql);
  return kDone;
}

}  // namespace

CommandSpec OutboxTriggerCommand() {
  const auto options = std::make_shared<Options>();
  TriggerWish& wish = options->wish;
  return {
      .name = "trigger",
      .help = "Prints SQL for PostgreSQL that publishes the changes of a table",
      .examples =
          "  tidemill outbox trigger orders --insert --update --key id >trigger.sql\n"
          "  tidemill outbox trigger shop.orders --insert --column id --column state >trigger.sql\n"
          "  tidemill outbox trigger orders --drop >trigger.sql\n",
      .parameters = {{.name = "TABLE", .value = &wish.table, .help = "With or without its schema"},
                     {.name = "--insert", .value = &wish.on_insert, .help = "Publishes new rows"},
                     {.name = "--update", .value = &wish.on_update, .help = "Publishes rows as they become"},
                     {.name = "--delete", .value = &wish.on_delete, .help = "Publishes rows that go"},
                     {.name = "--channel",
                      .value = &wish.channel,
                      .help = "Where they are published; the table's name unless given"},
                     {.name = "--key",
                      .value = &wish.key,
                      .help =
                          "The column whose changes are kept in order for each value; unless given, all are"},
                     {.name = "--column",
                      .value = &wish.columns,
                      .help = "Publishes this column, and others that are given so; unless given, all"},
                     {.name = "--drop", .value = &options->drop, .help = "Prints SQL that takes it away"}},
      .settings = &options->settings,
      .run = [options](Io io) { return PrintTrigger(*options, io); }};
}

}  // namespace tidemill::cli
