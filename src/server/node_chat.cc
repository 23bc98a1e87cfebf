#include "server/node_chat.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "auth/api_key_authenticator.h"
#include "chat/api/handler.h"
#include "chat/api/rpc.h"
#include "chat/api/service.h"
#include "chat/authority/authority.h"
#include "chat/delivery/courier.h"
#include "chat/delivery/online.h"
#include "chat/operations/all.h"
#include "chat/operations/due.h"
#include "chat/operations/incoming_hooks.h"
#include "chat/people/people.h"
#include "chat/store/sql_store.h"
#include "chat/uploads/routes.h"
#include "chat/uploads/sweeper.h"
#include "net/next_turn.h"
#include "net/sleep.h"
#include "realtime/session/client.h"
#include "realtime/session/lifecycle.h"
#include "server/token_callers.h"
#include "settings/settings.h"

namespace tidemill::server {
namespace {

constexpr Duration kCleanEvery = Hours(1);
constexpr Duration kChangesMaxAge = Hours(24 * 30);

}  // namespace

using chat::ChannelOfChat;

// What one loop has of it, each part upon those before it.
class NodeChat::OfLoop {
 public:
  OfLoop(NodeChat& node, session::Context& context, sql::Database& database,
         const settings::Settings& settings)
      : store(chat::MakeSqlStore(context.loop, database, context.loop.clock(),
                                 {.postgres_schema = settings.postgres.schema})),
        courier(context.loop, context.publisher, node.delivery_metrics_),
        people(context.loop, *store, [&node](const chat::User& user) { node.Announce(user); }),
        rooms({.loop = context.loop,
               .store = *store,
               .courier = courier,
               .online = online,
               .directory = *context.directory,
               .metrics = node.room_metrics_,
               .settings = node.settings_,
               .has_other_nodes = settings.broker.type == "redis"}),
        services{.loop = context.loop,
                 .store = *store,
                 .rooms = node.rooms_,
                 .courier = courier,
                 .online = online,
                 .publisher = context.publisher,
                 .rates = node.rates_,
                 .settings = node.settings_,
                 .later = node.later_metrics_,
                 .upload_bytes_max = node.options_.files ? node.upload_settings_.file_bytes_max : 0,
                 .announce = [&node](const chat::User& user) { node.Announce(user); },
                 .choose = [&node](const std::string& user,
                                   chat::Presence presence) { node.Choose(user, presence); }},
        service(context.loop, people, node.rates_, node.api_metrics_),
        hooks(services),
        rpc(service),
        authority(services, people, node.refused_subscriptions_) {
    std::vector<chat::Operation> operations = chat::AllOperations(services);
    if (node.options_.files) {
      uploads.reset(new chat::UploadServices{.chat = services,
                                             .api = service,
                                             .files = *node.options_.files,
                                             .admission = node.admission_,
                                             .metrics = node.upload_metrics_,
                                             .settings = node.upload_settings_,
                                             .keeping = {}});
      std::ranges::move(chat::AttachmentOperations(*uploads), std::back_inserter(operations));
    }
    service.SetOperations(std::move(operations));
    context.keeps_claims = true;
    context.rpc_handlers.Add(std::string(chat::kNamespace), rpc);
    context.authorities.Register(std::string(chat::kNamespace), authority);
    context.authorities.Register(std::string(chat::kLiveNamespace), authority);
  }

  const std::unique_ptr<chat::Store> store;
  chat::Courier courier;
  chat::OnlineUsers online;
  chat::People people;
  chat::RoomsOfLoop rooms;
  chat::Services services;
  chat::Service service;
  chat::IncomingHooks hooks;
  std::unique_ptr<chat::UploadServices> uploads;  // null: nothing can be uploaded
  chat::ChatRpc rpc;
  chat::ChatAuthority authority;
};

// Tells the owners of rooms who follows them.
class NodeChat::FollowNoter final : public session::LifecycleEvents {
 public:
  explicit FollowNoter(NodeChat& node) : node_(node) {}

  void OnConnected(const session::Client&, const session::AppNames::App&) override {}
  void OnDisconnected(const session::Client&, const session::AppNames::App&, std::uint32_t,
                      std::string_view) override {}
  // Other channels are left out below: their options do not tell them.
  bool WantsJoins(const channels::ChannelOptions&) const override { return true; }
  void OnJoined(const session::Client& client, std::string_view channel) override {
    Note(client, channel, &chat::Followers::Joined);
  }
  void OnLeft(const session::Client& client, std::string_view channel) override {
    Note(client, channel, &chat::Followers::Left);
  }

 private:
  static std::optional<chat::RoomId> RoomOf(std::string_view channel) {
    using Kind = ChannelOfChat::Kind;
    const auto parsed = chat::ParseChannel(channel);
    const bool is_room = parsed && (parsed->kind == Kind::kRoom || parsed->kind == Kind::kLiveRoom);
    return is_room ? std::optional(parsed->room) : std::nullopt;
  }
  // Sessions that end with the loops have no rooms any more.
  void Note(const session::Client& client, std::string_view channel,
            void (chat::Followers::*note)(chat::RoomId, const std::string&)) {
    const auto room = RoomOf(channel);
    if (!room || node_.loops_.empty()) return;
    chat::RoomsOfLoop& owner = node_.rooms_.OwnerOf(*room);
    owner.loop().Post(
        [&owner, room = *room, user = client.user, note] { (owner.followers().*note)(room, user); });
  }

  NodeChat& node_;
};

NodeChat::NodeChat(Options options, const Databases& databases, const settings::Settings& settings,
                   metrics::Registry& registry)
    : options_(std::move(options)),
      settings_(settings.chat),
      upload_settings_(settings.chat_uploads),
      first_(options_.contexts.front()->loop),
      delivery_metrics_(registry),
      room_metrics_(registry),
      api_metrics_(registry),
      later_metrics_(registry),
      upload_metrics_(registry),
      refused_subscriptions_(registry.AddCounter("tidemill_chat_subscriptions_refused_total",
                                                 "Subscriptions to channels of chat that were refused.")),
      rates_(settings_),
      admission_(upload_settings_, upload_metrics_),
      follow_noter_(std::make_unique<FollowNoter>(*this)) {
  for (std::size_t i = 0; i < options_.contexts.size(); ++i) {
    loops_.push_back(std::make_unique<OfLoop>(*this, *options_.contexts[i], *databases.main(i), settings));
    rooms_.Add(loops_.back()->rooms);
    options_.contexts[i]->lifecycle.Add(*follow_noter_);
    loops_.back()->service.ReplaceAuthenticator(AuthenticatorFor(i, settings.http_api.keys));
  }
  board_ = std::make_unique<chat::PresenceBoard>(first_, loops_.front()->courier, Replicas());
  due_ = std::make_unique<chat::Due>(loops_.front()->services);
  first_.Post([this] {
    background_->Spawn(KeepClean());
    background_->Spawn(due_->SendMessages());
    background_->Spawn(due_->TellReminders());
  });
  if (!options_.files) return;
  registry.AddCallback("tidemill_chat_files_waiting", "Pieces of files that wait for the disk.", {},
                       [this] { return static_cast<double>(options_.files->depth()); });
  first_.Post([this] { background_->Spawn(chat::KeepFilesClean(*loops_.front()->uploads)); });
}

Result<std::unique_ptr<chat::FileStore>> NodeChat::OpenFiles(const settings::Settings& settings) {
  const std::string folder = chat::FolderOf(settings.chat_uploads, settings.sqlite.path);
  if (folder.empty() || settings.chat_uploads.file_bytes_max == 0) return nullptr;
  auto files = chat::FileStore::Open({.folder = folder});
  if (files) return files;
  return Fail(files.error().code, "chat.uploads.folder: " + files.error().detail +
                                      "; give a folder that this process may write to, or set "
                                      "chat.uploads.file_bytes_max = 0 to do without attachments");
}

NodeChat::~NodeChat() = default;

// The tokens that clients connect with, the API's keys, and the sessions of browsers.
std::shared_ptr<auth::Authenticator> NodeChat::AuthenticatorFor(
    std::size_t loop, const std::vector<config::Secret>& api_keys) const {
  const session::Context& context = *options_.contexts[loop];
  std::vector<std::shared_ptr<auth::Authenticator>> all = {
      TokenAuthenticatorOf(context), std::make_shared<auth::ApiKeyAuthenticator>(api_keys)};
  if (options_.browser_sessions) all.push_back(options_.browser_sessions(loop));
  return auth::MakeAnyAuthenticator(std::move(all));
}

// Each loop has its own copy, which follows in the order of the changes.
chat::PresenceBoard::Replicas NodeChat::Replicas() {
  return {
      .set =
          [this](const std::string& user, chat::Shown shown) {
            for (const auto& each : loops_) {
              each->services.loop.Post([&online = each->online, user, shown] { online.Set(user, shown); });
            }
          },
      .forget =
          [this](const std::string& user) {
            for (const auto& each : loops_) {
              each->services.loop.Post([&online = each->online, user] { online.Forget(user); });
            }
          }};
}

void NodeChat::AddRoutes(std::size_t loop, http::Router& router) {
  if (loops_[loop]->uploads) chat::AddUploadRoutes(*loops_[loop]->uploads, router);
  chat::AddRoutes(loops_[loop]->service, router);
  loops_[loop]->hooks.AddRoutes(router);
}

void NodeChat::TakeOver(std::size_t loop, const std::vector<config::Secret>& api_keys) {
  loops_[loop]->service.ReplaceAuthenticator(AuthenticatorFor(loop, api_keys));
}

std::size_t NodeChat::changes(std::size_t loop) const {
  OfLoop& parts = *loops_[loop];
  const std::size_t uploads = parts.uploads ? parts.uploads->keeping.running() : 0;
  return parts.service.changes() + parts.hooks.under_way() + parts.rooms.writer().working() + uploads;
}

// A database that is away, or has no tables yet, is asked again in the next round.
Task<void> NodeChat::KeepClean() {
  chat::RetentionStore& kept = loops_.front()->store->retention();
  while (true) {
    co_await net::Sleep(first_, kCleanEvery);
    auto swept = co_await kept.Sweep(first_.clock().WallNow(), kChangesMaxAge);
    while (swept && swept->has_more) {
      co_await net::NextTurn(first_);
      swept = co_await kept.Sweep(first_.clock().WallNow(), kChangesMaxAge);
    }
  }
}

void NodeChat::EndTasks() {
  background_.reset();
  board_.reset();
  loops_.clear();
}

void NodeChat::Tell(const broker::ChannelName& channel, bool occupied) {
  if (!channel.value().starts_with("chat:")) return;
  const auto parsed = chat::ParseChannel(channel.value());
  if (!parsed) return;
  if (parsed->kind == ChannelOfChat::Kind::kUser) {
    first_.Post([this, user = parsed->user, occupied] {
      occupied ? board_->OnOccupied(user) : board_->OnVacated(user);
    });
  }
}

void NodeChat::Announce(const chat::User& user) {
  for (const auto& each : loops_) {
    each->services.loop.Post([&people = each->people, id = user.id] { people.Forget(id); });
  }
  first_.Post([this, user] { board_->Announce(user); });
}

void NodeChat::Choose(const std::string& user, chat::Presence presence) {
  first_.Post([this, user, presence] { board_->Choose(user, presence); });
}

}  // namespace tidemill::server
