// EngineDoor: the way of requests from any loop to the engine on its own.
//
// What a request does there runs to its end, whoever hangs up; how much runs at once is bounded. One for a
// node: made before the loops run, ended with EndTasks when they do no more. Run on any loop.
#pragma once

#include <cstddef>
#include <memory>
#include <utility>

#include "jobs/engine/engine.h"
#include "jobs/job_api/failures.h"
#include "jobs/job_api/fetches.h"
#include "net/reply.h"
#include "net/run_to_end.h"
#include "net/task_scope.h"

namespace tidemill::webhooks {
class Webhooks;
}

namespace tidemill::jobs {

class EngineDoor {
 public:
  struct Limits {
    std::size_t requests_max = 20'000;  // on the engine's loop at once, those that wait for a job not counted
    std::size_t fetches_max = 10'000;   // that wait for a job at once
  };
  // The engine must outlive it.
  EngineDoor(Engine& engine, Limits limits)
      : engine_(engine), limits_(limits), fetches_(std::make_shared<Fetches>(engine, limits.fetches_max)) {}
  EngineDoor(const EngineDoor&) = delete;
  EngineDoor& operator=(const EngineDoor&) = delete;

  // Before the loops run: what sends jobs to URLs, of the engine's loop. It outlives this.
  void SetWebhooks(webhooks::Webhooks& webhooks) { webhooks_ = &webhooks; }
  webhooks::Webhooks* webhooks() const { return webhooks_; }  // null: nobody does

  // Runs `work` on the engine's loop and brings its answer back. kErrorLimitExceeded: too many do already.
  template <class T, class P>
  Task<ApiResult<T>> Run(Task<ApiResult<T>> (*work)(Engine&, P), P params) {
    if (engine_.loop().IsCurrent()) {
      if (IsFull()) co_return std::unexpected(TooMany());
      co_return co_await RunToEnd(scope_, work(engine_, std::move(params)));
    }
    net::Reply<ApiResult<T>> reply(*net::Loop::Current());
    engine_.loop().Post([this, work, sender = reply.sender(), moved = std::move(params)]() mutable {
      if (IsFull()) return sender.Send(std::unexpected(TooMany()));
      scope_.Spawn(RunAndSend(work(engine_, std::move(moved)), std::move(sender)));
    });
    co_return co_await reply;
  }

  // A job, or what else the worker is told. Ends when the caller does: what it had got goes back.
  Task<ApiResult<Fetched>> Fetch(FetchParams params) { return Fetches::Fetch(fetches_, std::move(params)); }

  // Engine's loop: answers those who wait with what there is, which is nothing: for a node that has lost the
  // jobs; with EndFetches also those who come later: for a node that drains.
  void AnswerFetches() { fetches_->AnswerWaiting(); }
  void EndFetches() { fetches_->AnswerAll(); }
  std::size_t waiting_fetches() const { return fetches_->waiting(); }

  // When the loops have stopped.
  void EndTasks();

 private:
  template <class T>
  static Task<void> RunAndSend(Task<ApiResult<T>> work, typename net::Reply<ApiResult<T>>::Sender sender) {
    sender.Send(co_await work);
  }
  bool IsFull() const { return scope_.running() >= limits_.requests_max; }
  api::Failure TooMany() const;

  Engine& engine_;
  webhooks::Webhooks* webhooks_ = nullptr;
  const Limits limits_;
  std::shared_ptr<Fetches> fetches_;
  TaskScope scope_;  // last; of the engine's loop
};

}  // namespace tidemill::jobs
