#include "events/job_target.h"

#include <utility>

#include "base/json_writer.h"
#include "jobs/job/job.h"

namespace tidemill::events {
namespace {

class JobTarget final : public Target {
 public:
  JobTarget(jobs::Engine& engine, std::string queue, Metrics& metrics)
      : engine_(engine), queue_(std::move(queue)), metrics_(metrics) {}

  Task<Result<void>> Deliver(const Batch& batch) override {
    TM_CO_TRY_ASSIGN(job::Job job, job::ParseJob(TextOf(batch), engine_.loop().clock().WallNow()));
    const Result<> pushed = engine_.Push(std::move(job));
    // An earlier attempt was committed, though nobody heard of it.
    const bool is_there = !pushed && pushed.error().code == Errc::kAlreadyExists;
    if (!pushed && !is_there) co_return pushed;
    TM_CO_TRY(co_await engine_.Committed());
    metrics_.delivered.Add(batch.items.size());
    co_return {};
  }

  bool is_here() const override { return !engine_.problem(); }

 private:
  std::string TextOf(const Batch& batch) const {
    std::string text;
    JsonWriter json(text);
    json.BeginObject();
    json.Member("jid", batch.id);
    json.Member("jobtype", "channel_events");
    json.Member("queue", queue_);
    json.Key("args");
    json.BeginArray();
    json.Raw(BodyOf(batch));
    json.EndArray();
    // The same batch again is refused: times and ids of clients make each another one.
    json.Key("custom");
    json.BeginObject();
    json.Member("unique_for", 3600);
    json.EndObject();
    json.EndObject();
    return text;
  }

  jobs::Engine& engine_;
  const std::string queue_;
  Metrics& metrics_;
};

}  // namespace

std::unique_ptr<Target> MakeJobTarget(jobs::Engine& engine, std::string queue, Metrics& metrics) {
  return std::make_unique<JobTarget>(engine, std::move(queue), metrics);
}

}  // namespace tidemill::events
