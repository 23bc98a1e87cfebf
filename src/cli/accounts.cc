#include "cli/accounts.h"

#include <memory>
#include <string>

#include "base/json.h"
#include "cli/api_client.h"
#include "cli/jobs/jobs_call.h"
#include "cli/table.h"

namespace tidemill::cli {
namespace {

struct Options {
  ApiOptions api;
  std::string username;
  std::string role;
  std::string query;
  std::string cursor;
};

struct UserRow {
  std::string username;
  std::string name;
  std::string role;
  std::string console;
  std::string email;
  bool disabled = false;
};

UserRow ReadUser(JsonReader& json) {
  UserRow row;
  json.EnterObject();
  while (const auto key = json.NextKey()) {
    if (*key == "username") row.username = json.ReadString();
    if (*key == "name") row.name = json.ReadString();
    if (*key == "role") row.role = json.ReadString();
    if (*key == "console") row.console = json.ReadString();
    if (*key == "email") row.email = json.ReadString();
    if (*key == "disabled") row.disabled = json.ReadBool();
  }
  return row;
}

Result<std::string> UsersToText(std::string_view result) {
  Table table({{"USER"}, {"NAME"}, {"ROLE"}, {"CONSOLE"}, {"MAIL"}, {"STATE"}});
  std::string cursor;
  JsonReader json(result);
  json.EnterObject();
  while (const auto key = json.NextKey()) {
    if (*key == "cursor" && !json.SkipNull()) cursor = json.ReadString();
    if (*key != "users") continue;
    json.EnterArray();
    while (json.NextElement()) {
      const UserRow row = ReadUser(json);
      table.Add({row.username, row.name, row.role, row.console, row.email, row.disabled ? "disabled" : ""});
    }
  }
  TM_TRY(json.Finish());
  if (table.empty()) return "nobody\n";
  return table.ToText() + (cursor.empty() ? "" : "more: --cursor " + cursor + "\n");
}

Result<std::string> UserToText(std::string_view result) {
  UserRow row;
  JsonReader json(result);
  json.EnterObject();
  while (const auto key = json.NextKey()) {
    if (*key == "user") row = ReadUser(json);
  }
  TM_TRY(json.Finish());
  const std::string console = row.console.empty() ? "" : ", console " + Printable(row.console);
  return Printable(row.username) + ": " + Printable(row.role) + console + (row.disabled ? ", disabled" : "") +
         "\n";
}

Result<std::string> UrlToText(std::string_view result) {
  std::string url;
  JsonReader json(result);
  json.EnterObject();
  while (const auto key = json.NextKey()) {
    if (*key == "url") url = json.ReadString();
  }
  TM_TRY(json.Finish());
  return Printable(url) + "\n";
}

int ListUsers(const Options& options, Io io) {
  const auto params = JobParams([&](JsonWriter& json) {
    if (!options.query.empty()) json.Member("query", options.query);
    if (!options.cursor.empty()) json.Member("cursor", options.cursor);
    json.Member("limit", 100);
  });
  return CallApi(options.api, "accounts_users", params, UsersToText, io);
}

int SetDisabled(const Options& options, bool disabled, Io io) {
  const auto params = JobParams([&](JsonWriter& json) {
    json.Member("username", options.username);
    json.Member("disabled", disabled);
  });
  return CallApi(options.api, "accounts_change", params, UserToText, io);
}

int SetRole(const Options& options, Io io) {
  const auto params = JobParams([&](JsonWriter& json) {
    json.Member("username", options.username);
    json.Member("role", options.role);
  });
  return CallApi(options.api, "accounts_change", params, UserToText, io);
}

int SetConsoleRole(const Options& options, Io io) {
  const auto params = JobParams([&](JsonWriter& json) {
    json.Member("username", options.username);
    json.Member("console", options.role == "none" ? "" : options.role);
  });
  return CallApi(options.api, "accounts_change", params, UserToText, io);
}

int Reset(const Options& options, Io io) {
  const auto params = JobParams([&](JsonWriter& json) { json.Member("username", options.username); });
  return CallApi(options.api, "accounts_reset", params, UrlToText, io);
}

Parameter UserOf(Options& options) {
  return {.name = "USER", .value = &options.username, .help = "The user name"};
}

CommandSpec UsersCommand() {
  const auto options = std::make_shared<Options>();
  return {.name = "users",
          .help = "Lists people who have an account",
          .examples = "  tidemill accounts users\n  tidemill accounts users --query ada\n",
          .parameters = WithApiParameters(
              {{.name = "--query", .value = &options->query, .help = "What user name, name or mail contains"},
               {.name = "--cursor", .value = &options->cursor, .help = "Where the page before has ended"}},
              options->api),
          .settings = &options->api.settings,
          .run = [options](Io io) { return ListUsers(*options, io); }};
}

CommandSpec RoleCommand() {
  const auto options = std::make_shared<Options>();
  return {.name = "role",
          .help = "Gives an account another role",
          .examples = "  tidemill accounts role ada admin\n",
          .parameters = WithApiParameters({UserOf(*options),
                                           {.name = "ROLE",
                                            .value = &options->role,
                                            .help = "What it becomes",
                                            .choices = {"owner", "admin", "member", "guest"}}},
                                          options->api),
          .settings = &options->api.settings,
          .run = [options](Io io) { return SetRole(*options, io); }};
}

CommandSpec ConsoleCommand() {
  const auto options = std::make_shared<Options>();
  return {.name = "console",
          .help = "Gives an account a role in the console",
          .examples = "  tidemill accounts console ada operator\n",
          .parameters = WithApiParameters({UserOf(*options),
                                           {.name = "ROLE",
                                            .value = &options->role,
                                            .help = "What it may do there",
                                            .choices = {"none", "viewer", "operator", "admin"}}},
                                          options->api),
          .settings = &options->api.settings,
          .run = [options](Io io) { return SetConsoleRole(*options, io); }};
}

CommandSpec DisableCommand() {
  const auto options = std::make_shared<Options>();
  return {.name = "disable",
          .help = "Disables an account: its sessions and connections end",
          .examples = "  tidemill accounts disable ada\n",
          .parameters = WithApiParameters({UserOf(*options)}, options->api),
          .settings = &options->api.settings,
          .run = [options](Io io) { return SetDisabled(*options, true, io); }};
}

CommandSpec EnableCommand() {
  const auto options = std::make_shared<Options>();
  return {.name = "enable",
          .help = "Lets a disabled account log in again",
          .examples = "  tidemill accounts enable ada\n",
          .parameters = WithApiParameters({UserOf(*options)}, options->api),
          .settings = &options->api.settings,
          .run = [options](Io io) { return SetDisabled(*options, false, io); }};
}

CommandSpec ResetCommand() {
  const auto options = std::make_shared<Options>();
  return {.name = "reset",
          .help = "Prints a link with which somebody chooses a new password",
          .examples = "  tidemill accounts reset ada\n",
          .parameters = WithApiParameters({UserOf(*options)}, options->api),
          .settings = &options->api.settings,
          .run = [options](Io io) { return Reset(*options, io); }};
}

CommandSpec OwnerLinkCommand() {
  const auto options = std::make_shared<Options>();
  return {
      .name = "owner-link",
      .help = "Prints a link that makes the first owner, while there is none",
      .examples = "  tidemill accounts owner-link\n",
      .parameters = WithApiParameters({}, options->api),
      .settings = &options->api.settings,
      .run = [options](Io io) { return CallApi(options->api, "accounts_owner_link", "{}", UrlToText, io); }};
}

}  // namespace

CommandSpec AccountsCommand() {
  return {.name = "accounts",
          .help = "People who log in: lists, disables, resets passwords",
          .examples =
              "  tidemill accounts users\n"
              "  tidemill accounts reset ada\n"
              "  tidemill accounts disable ada\n",
          .commands = {UsersCommand(), RoleCommand(), ConsoleCommand(), DisableCommand(), EnableCommand(),
                       ResetCommand(), OwnerLinkCommand()}};
}

}  // namespace tidemill::cli
