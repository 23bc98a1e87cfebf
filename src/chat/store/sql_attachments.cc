#include "chat/store/sql_attachments.h"

#include <algorithm>
#include <utility>

#include "chat/store/room_work.h"
#include "chat/store/stored_attachment.h"
#include "chat/store/stored_values.h"

namespace tidemill::chat {
namespace {

constexpr std::size_t kNameBytesMax = 255;
constexpr std::size_t kTypeBytesMax = 127;
constexpr std::size_t kKeyBytesMax = 255;
constexpr std::size_t kListedMax = 500;

std::string MeasureBytesSql() {
  const std::string least = std::to_string(kFileBytesMin);
  return "select cast(coalesce(sum(case when size < " + least + " then " + least +
         " else size end), 0) as bigint) from @attachment";
}

class SqlAttachments final : public AttachmentStore {
 public:
  explicit SqlAttachments(SqlContext& context) : context_(context) {}

  Task<Outcome<StoredAttachment>> Add(StoredAttachment attachment) override {
    return context_.ToEnd(AddToEnd(std::move(attachment)));
  }
  Task<Outcome<std::optional<StoredAttachment>>> Find(AttachmentId attachment) override {
    TM_CO_TRY_ASSIGN(const sql::Rows rows, co_await context_.Read(find_, {attachment.value()}, 1));
    if (rows.empty()) co_return std::nullopt;
    Cells cells(rows[0]);
    co_return StoredAttachmentOf(cells);
  }
  Task<Outcome<std::int64_t>> MeasureBytesOf(std::string user) override {
    TM_CO_TRY_ASSIGN(const sql::Rows rows, co_await context_.Read(measure_, {std::move(user)}, 1));
    co_return Cells(rows[0]).Integer();
  }
  Task<Outcome<std::int64_t>> MeasureBytes() override {
    TM_CO_TRY_ASSIGN(const sql::Rows rows, co_await context_.Read(measure_all_, {}, 1));
    co_return Cells(rows[0]).Integer();
  }
  Task<Outcome<std::vector<StoredAttachment>>> GiveUpUnused(WallTime before, std::size_t limit) override {
    return context_.ToEnd(GiveUpUnusedToEnd(before, std::clamp<std::size_t>(limit, 1, kListedMax)));
  }
  Task<Outcome<bool>> GiveUp(AttachmentId attachment, std::string user) override {
    return context_.ToEnd(GiveUpToEnd(attachment, std::move(user)));
  }
  Task<Outcome<>> Remove(std::vector<AttachmentId> attachments) override {
    return context_.ToEnd(RemoveToEnd(std::move(attachments)));
  }

 private:
  Task<Outcome<StoredAttachment>> AddToEnd(StoredAttachment stored) {
    Attachment& attachment = stored.attachment;
    TM_CO_TRY(CheckText(attachment.name, kNameBytesMax, "name"));
    TM_CO_TRY(CheckText(attachment.type, kTypeBytesMax, "type"));
    TM_CO_TRY(CheckText(stored.storage_key, kKeyBytesMax, "storage_key"));
    attachment.id = context_.ids().Make<AttachmentId>();
    stored.created_at = context_.now();
    stored.message_id = MessageId(0);
    TM_CO_TRY(co_await context_.Change(
        insert_,
        {attachment.id.value(), stored.room_id.value(), stored.user_id, attachment.name, attachment.type,
         attachment.size, attachment.width, attachment.height, stored.storage_key, stored.created_at.ms}));
    co_return stored;
  }
  Task<Outcome<std::vector<StoredAttachment>>> GiveUpUnusedToEnd(WallTime before, std::size_t limit) {
    const auto most = static_cast<std::int64_t>(limit);
    TM_CO_TRY(co_await context_.Change(give_up_unused_, {before.ms, most}));
    TM_CO_TRY_ASSIGN(const sql::Rows rows, co_await context_.Read(list_given_up_, {most}, limit));
    co_return ListOf<StoredAttachment>(rows, StoredAttachmentOf);
  }
  Task<Outcome<bool>> GiveUpToEnd(AttachmentId attachment, std::string user) {
    TM_CO_TRY_ASSIGN(const std::size_t changed,
                     co_await context_.Change(give_up_, {attachment.value(), std::move(user)}));
    co_return changed > 0;
  }
  Task<Outcome<>> RemoveToEnd(std::vector<AttachmentId> attachments) {
    std::vector<std::int64_t> ids;
    for (const AttachmentId id : attachments) ids.push_back(id.value());
    TM_CO_TRY(co_await context_.Change(remove_, {std::move(ids)}));
    co_return Outcome<>{};
  }

  SqlContext& context_;
  const sql::Statement insert_ = context_.Make(
      "insert into @attachment (id, room_id, user_id, name, type, size, width, height, storage_key, "
      "created_at) "
      "values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)");
  const sql::Statement find_ = context_.Make("select ATTACHMENT_COLUMNS from @attachment a where a.id = $1");
  const sql::Statement measure_ = context_.Make(MeasureBytesSql() + " where user_id = $1");
  const sql::Statement measure_all_ = context_.Make(MeasureBytesSql());
  const sql::Statement give_up_unused_ = context_.Make(
      "update @attachment set created_at = 0 where message_id = 0 and created_at > 0 and id in (select id "
      "from @attachment where message_id = 0 and created_at > 0 and created_at < $1 order by created_at "
      "limit "
      "$2)");
  const sql::Statement give_up_ = context_.Make(
      "update @attachment set created_at = 0 where id = $1 and user_id = $2 and message_id = 0 and "
      "created_at "
      "> 0");
  const sql::Statement list_given_up_ = context_.Make(
      "select ATTACHMENT_COLUMNS from @attachment a where a.message_id = 0 and a.created_at = 0 order by "
      "a.id limit $1");
  const sql::Statement remove_ =
      context_.Make("delete from @attachment where id IS_ONE_OF and message_id = 0 and created_at = 0");
};

}  // namespace

std::unique_ptr<AttachmentStore> MakeSqlAttachments(SqlContext& context) {
  return std::make_unique<SqlAttachments>(context);
}

}  // namespace tidemill::chat
