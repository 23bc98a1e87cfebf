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
  Task<Outcome<std::vector<StoredAttachment>>> ListUnused(WallTime before, std::size_t limit) override {
    limit = std::clamp<std::size_t>(limit, 1, kListedMax);
    TM_CO_TRY_ASSIGN(
        const sql::Rows rows,
        co_await context_.Read(list_unused_, {before.ms, static_cast<std::int64_t>(limit)}, limit));
    co_return ListOf<StoredAttachment>(rows, StoredAttachmentOf);
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
  const sql::Statement measure_ =
      context_.Make("select cast(coalesce(sum(size), 0) as bigint) from @attachment where user_id = $1");
  const sql::Statement list_unused_ = context_.Make(
      "select ATTACHMENT_COLUMNS from @attachment a where a.message_id = 0 and a.created_at < $1 order by "
      "a.created_at limit $2");
  const sql::Statement remove_ =
      context_.Make("delete from @attachment where id IS_ONE_OF and message_id = 0");
};

}  // namespace

std::unique_ptr<AttachmentStore> MakeSqlAttachments(SqlContext& context) {
  return std::make_unique<SqlAttachments>(context);
}

}  // namespace tidemill::chat
