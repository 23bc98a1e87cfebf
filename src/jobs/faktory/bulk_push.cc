#include "jobs/faktory/bulk_push.h"

#include <coroutine>
#include <memory>
#include <utility>
#include <vector>

#include "base/json.h"
#include "jobs/faktory/bulk_reader.h"
#include "jobs/faktory/reply.h"
#include "net/next_turn.h"

namespace tidemill::faktory {
namespace {

// The jobs of a line, of which those pushed in one turn wait for one flush.
class Bulk {
 public:
  explicit Bulk(jobs::Engine& engine) : engine_(engine) {}
  Bulk(const Bulk&) = delete;
  Bulk& operator=(const Bulk&) = delete;

  void Add(BulkReader::Item item) { items_.push_back(std::move(item)); }
  std::size_t size() const { return items_.size(); }

  // From the engine's side a job is pushed or refused at once.
  void Push(std::size_t index) {
    Result<job::Job>& job = items_[index].job;
    if (!job) return Refuse(items_[index].jid, job.error());
    if (const auto pushed = engine_.Push(*std::move(job)); !pushed) Refuse(items_[index].jid, pushed.error());
  }

  // Those from `first` up to `end` were pushed in this turn.
  void Seal(std::size_t first, std::size_t end) {
    slices_.push_back(std::make_unique<Slice>(*this, first, end));
    ++uncommitted_;
    engine_.WaitForCommit(*slices_.back());
  }

  // co_await bulk.AllCommitted()
  auto AllCommitted() {
    struct Awaiter {
      Bulk& bulk;
      bool await_ready() const { return bulk.uncommitted_ == 0; }
      void await_suspend(std::coroutine_handle<> awaiter) { bulk.awaiter_ = awaiter; }
      void await_resume() const {}
    };
    return Awaiter{*this};
  }

  std::string Errors() && {
    json_.EndObject();
    return std::move(errors_);
  }

 private:
  class Slice final : public jobs::CommitWaiter {
   public:
    Slice(Bulk& bulk, std::size_t first, std::size_t end) : bulk_(bulk), first_(first), end_(end) {}
    void OnCommit(const Result<>& result) override { bulk_.Committed(first_, end_, result); }

   private:
    Bulk& bulk_;
    const std::size_t first_;
    const std::size_t end_;
  };

  void Refuse(std::string_view jid, const Error& error) {
    json_.DynamicKey(jid);
    json_.String(FailedText(error));
  }

  void Committed(std::size_t first, std::size_t end, const Result<>& result) {
    for (std::size_t i = first; !result && i < end; ++i) {
      if (items_[i].job) Refuse(items_[i].jid, result.error());
    }
    if (--uncommitted_ == 0 && awaiter_) awaiter_.resume();
  }

  jobs::Engine& engine_;
  std::vector<BulkReader::Item> items_;
  std::vector<std::unique_ptr<Slice>> slices_;
  std::size_t uncommitted_ = 0;
  std::coroutine_handle<> awaiter_;
  std::string errors_;
  JsonWriter json_ = Begin(errors_);

  static JsonWriter Begin(std::string& text) {
    JsonWriter json(text);
    json.BeginObject();
    return json;
  }
};

}  // namespace

Task<Result<std::string>> PushAll(jobs::Engine& engine, std::string_view array, std::size_t job_bytes_max) {
  net::Loop& loop = engine.loop();
  BulkReader reader(array, {.now = loop.clock().WallNow(), .bytes_max = job_bytes_max});
  Bulk bulk(engine);
  while (auto item = reader.Next()) {
    bulk.Add(*std::move(item));
    if (loop.ShareSpent()) co_await net::NextTurn(loop);
  }
  TM_CO_TRY(reader.Finish());
  std::size_t first = 0;
  for (std::size_t i = 0; i < bulk.size(); ++i) {
    bulk.Push(i);
    if (!loop.ShareSpent()) continue;
    bulk.Seal(first, i + 1);
    first = i + 1;
    co_await net::NextTurn(loop);
  }
  if (first < bulk.size()) bulk.Seal(first, bulk.size());
  co_await bulk.AllCommitted();
  co_return std::move(bulk).Errors();
}

}  // namespace tidemill::faktory
