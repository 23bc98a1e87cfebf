#include "queries/live/testing/bed.h"

#include <gtest/gtest.h>

#include <utility>

#include "http/message.h"
#include "net/testing/run_task.h"
#include "queries/catalog/describe.h"
#include "queries/live/channels.h"

namespace tidemill::queries::live::testing {
namespace {

using net::testing::RunTask;

Serving ServingOf(net::Loop& loop, sql::Database& database, std::string text) {
  std::vector<std::shared_ptr<const files::File>> all;
  all.push_back(std::make_shared<const files::File>(
      files::LoadFile("rows.get.sql", std::move(text), database.dialect())));
  auto set = std::make_shared<const files::FileSet>(files::MakeFileSet(std::move(all), {}, {}));
  auto catalog = RunTask(loop, Describe(loop, database, std::move(set), nullptr, {}));
  EXPECT_TRUE(catalog) << catalog.error().detail;
  for (const BrokenEndpoint& each : (*catalog)->broken) ADD_FAILURE() << each.reason;
  return MakeServing(*catalog, {.dialect = database.dialect()}, nullptr);
}

std::shared_ptr<const channels::Rules> RulesOf() {
  channels::ChannelSettings settings;
  settings.namespaces["live"] = LiveChannelOptions();
  return *channels::Rules::Make(std::move(settings));
}

// Subscribers are of no interest here.
class NoEvents final : public broker::BrokerEvents {
 public:
  void OnPublication(const broker::ChannelName&, const broker::PublicationPtr&) override {}
  void OnJoin(const broker::ChannelName&, const broker::ClientInfo&) override {}
  void OnLeave(const broker::ChannelName&, const broker::ClientInfo&) override {}
  void OnStreamLost(const broker::ChannelName&) override {}
};

NoEvents& Nobody() {
  static NoEvents nobody;
  return nobody;
}

}  // namespace

Bed::Bed(net::Loop& loop, sql::Database& database, std::string text, LiveSettings settings)
    : loop_(loop),
      database_(database),
      shards_(broker::MakeMemoryBrokerShards({&loop}, {})),
      broker_(shards_->TakeShard(0)),
      maps_(std::make_unique<broker::MapPublisher>(*broker_.maps, *broker_.broker, RulesOf())),
      serving_(ServingOf(loop, database, std::move(text))),
      live_({.loop = loop, .database = database, .maps = *maps_, .metrics = metrics_}, std::move(settings)) {
  broker_.broker->SetEvents(Nobody());
  live_.ReplaceServing(serving_);
  live_.Start();
}

Bed::~Bed() = default;

std::string Bed::ChannelOf(const std::string& query) {
  return "live:/rows" + (query.empty() ? "" : "?" + query);
}

FollowCall Bed::Call(std::string query, std::string starter) const {
  const std::shared_ptr<const ServedEndpoint>& served = serving_.endpoints.at(0);
  http::Request request;
  request.method_name = "GET";
  request.path = request.target = "/rows";
  request.query = query;
  auto typed = served->reader->Read(request, "");
  EXPECT_TRUE(typed);
  return {.channel = ChannelOf(query),
          .question = {.served = served, .request = *std::move(typed), .settings = nullptr},
          .starter = std::move(starter),
          .scope = ""};
}

Followed Bed::Follow(FollowCall call) { return RunTask(loop_, live_.Follow(std::move(call))); }

std::string Bed::Rows(std::string query) {
  const auto page = RunTask(
      loop_, maps_->ReadState({.channel = ChannelOf(query), .query = {.limit = broker::kMapPageKeysMax}}));
  EXPECT_TRUE(page);
  std::string text;
  for (const auto& each : page->entries) text += (text.empty() ? "" : " ") + each->data;
  return text;
}

bool Bed::WaitFor(const std::string& rows, std::string query) {
  return net::testing::DriveUntil(loop_, [&] { return Rows(query) == rows; });
}

void Bed::ReplaceFile(std::string text) {
  serving_ = ServingOf(loop_, database_, std::move(text));
  live_.ReplaceServing(serving_);
}

}  // namespace tidemill::queries::live::testing
