#include "chat/store/sql_hooks.h"

#include <utility>

#include "chat/store/json.h"
#include "chat/store/stored_values.h"
#include "chat/store/work.h"

namespace tidemill::chat {
namespace {

constexpr std::size_t kNameBytesMax = 255;
constexpr std::size_t kDigestBytes = 64;

Hook HookOf(Cells& cells) {
  return {.id = HookId(cells.Integer()),
          .room_id = RoomId(cells.Integer()),
          .name = cells.Text(),
          .created_by = cells.Text(),
          .created_at = cells.Time()};
}

class SqlHooks final : public HookStore {
 public:
  SqlHooks(SqlContext& context, const RoomStatements& rooms) : context_(context), rooms_(rooms) {}

  Task<Outcome<Hook>> Add(Acting acting, Hook hook, std::string token_digest) override {
    return context_.ToEnd(InTransaction<Hook>(
        context_,
        [this, acting = std::move(acting), hook = std::move(hook),
         digest = std::move(token_digest)](Work& work) { return DoAdd(work, acting, hook, digest); }));
  }
  Task<Outcome<std::vector<Hook>>> List(RoomId room) override {
    TM_CO_TRY_ASSIGN(const sql::Rows rows, co_await context_.Read(list_, {room.value()}, kHooksMax));
    co_return ListOf<Hook>(rows, HookOf);
  }
  Task<Outcome<std::optional<Hook>>> FindByDigest(std::string token_digest) override {
    TM_CO_TRY_ASSIGN(const sql::Rows rows, co_await context_.Read(find_, {std::move(token_digest)}, 1));
    if (rows.empty()) co_return std::nullopt;
    Cells cells(rows[0]);
    co_return HookOf(cells);
  }
  Task<Outcome<>> Remove(Acting acting, RoomId room, HookId hook) override {
    return context_.ToEnd(
        InTransaction<void>(context_, [this, acting = std::move(acting), room, hook](Work& work) {
          return DoRemove(work, acting, room, hook);
        }));
  }

 private:
  Task<Outcome<Hook>> DoAdd(Work& work, Acting acting, Hook hook, std::string digest);
  Task<Outcome<>> DoRemove(Work& work, Acting acting, RoomId id, HookId hook);

  SqlContext& context_;
  const RoomStatements& rooms_;
  const sql::Statement insert_ = context_.Make(
      "insert into @hook (id, room_id, name, token_digest, created_by, created_at) values ($1, $2, $3, $4, "
      "$5, "
      "$6)");
  const sql::Statement list_ = context_.Make(
      "select id, room_id, name, created_by, created_at from @hook where room_id = $1 order by id");
  const sql::Statement find_ = context_.Make(
      "select h.id, h.room_id, h.name, h.created_by, h.created_at from @hook h join @room r on r.id = "
      "h.room_id "
      "and r.deleted_at = 0 where h.token_digest = $1");
  const sql::Statement count_ = context_.Make("select count(*) from @hook where room_id = $1");
  const sql::Statement find_name_ = context_.Make("select name from @hook where room_id = $1 and id = $2");
  const sql::Statement remove_ = context_.Make("delete from @hook where room_id = $1 and id = $2");
};

Task<Outcome<Hook>> SqlHooks::DoAdd(Work& work, Acting acting, Hook hook, std::string digest) {
  TM_CO_TRY(CheckText(hook.name, kNameBytesMax, "name"));
  if (hook.name.empty()) co_return Refuse(Code::kInvalid, "give the hook a name", "name");
  if (digest.size() != kDigestBytes) co_return Refuse(Code::kInvalid, "the digest has 64 digits");
  RoomWork room(work, rooms_);
  TM_CO_TRY(co_await room.Open(hook.room_id, acting, WhenArchived::kRefuse));
  TM_CO_TRY_ASSIGN(const sql::Rows rows, co_await work.Run(count_, {hook.room_id.value()}));
  if (Cells(rows[0]).Integer() >= static_cast<std::int64_t>(kHooksMax))
    co_return Refuse(Code::kTooMany, "a room has 50 hooks at most; remove one first");
  hook.id = context_.ids().Make<HookId>();
  hook.created_at = work.now();
  TM_CO_TRY(co_await work.Change(insert_, {hook.id.value(), hook.room_id.value(), hook.name,
                                           std::move(digest), hook.created_by, hook.created_at.ms}));
  TM_CO_TRY(co_await room.Audit(context_.ids().Make<AuditId>(), std::move(acting.user), "hook.created",
                                ToText(hook.id), TextUnder("name", hook.name)));
  co_return hook;
}

Task<Outcome<>> SqlHooks::DoRemove(Work& work, Acting acting, RoomId id, HookId hook) {
  RoomWork room(work, rooms_);
  TM_CO_TRY(co_await room.Open(id, acting, WhenArchived::kGoOn));
  TM_CO_TRY_ASSIGN(const sql::Rows rows, co_await work.Run(find_name_, {id.value(), hook.value()}));
  if (rows.empty()) co_return Refuse(Code::kNotFound, "there is no such hook");
  TM_CO_TRY(co_await work.Change(remove_, {id.value(), hook.value()}));
  co_return co_await room.Audit(context_.ids().Make<AuditId>(), std::move(acting.user), "hook.removed",
                                ToText(hook), TextUnder("name", Cells(rows[0]).View()));
}

}  // namespace

std::unique_ptr<HookStore> MakeSqlHooks(SqlContext& context, const RoomStatements& rooms) {
  return std::make_unique<SqlHooks>(context, rooms);
}

}  // namespace tidemill::chat
