// Kept: the answer of a method that has done its part in the engine's memory: once that is committed.
#pragma once

#include <string>
#include <utility>

#include "jobs/job_api/failures.h"
#include "jobs/job_api/services.h"

namespace tidemill::jobs {

template <class T>
Task<api::Outcome> Kept(Engine& engine, Result<T> done, std::string result) {
  if (!done) co_return std::unexpected(FailureOf(done.error()));
  if (const Result<> kept = co_await engine.Committed(); !kept) {
    co_return std::unexpected(FailureOf(kept.error()));
  }
  co_return result;
}

}  // namespace tidemill::jobs
