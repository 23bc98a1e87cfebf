#include "net/loop_uv.h"

#include <uv.h>

#include <string>

#include "base/assert.h"

namespace tidemill::net {

struct Loop::Uv::Handles {
  uv_loop_t loop;
  uv_async_t keep_alive;
};

Loop::Uv::Uv() : handles_(std::make_unique<Handles>()) {}

int Loop::Uv::fd() const { return uv_backend_fd(&handles_->loop); }

uv_loop_s* Loop::Uv::ForSubmission() {
  touched_ = true;
  return &handles_->loop;
}

Result<void> Loop::Uv::Start() {
  if (const int error = uv_loop_init(&handles_->loop); error != 0) {
    return Fail(Errc::kInternal, std::string("libuv loop: ") + uv_strerror(error));
  }
  started_ = true;
  // A loop without an active handle does not poll, and then a late wake-up of its thread pool would leave its
  // descriptor readable for ever.
  TM_ASSERT(uv_async_init(&handles_->loop, &handles_->keep_alive, [](uv_async_t*) {}) == 0);
  touched_ = true;
  return {};
}

Loop::Uv::~Uv() {
  if (!started_) return;
  const auto close = [](uv_handle_t* handle, void*) {
    if (uv_is_closing(handle) == 0) uv_close(handle, nullptr);
  };
  uv_walk(&handles_->loop, close, nullptr);
  // Waits for what the thread pool is doing: it writes into requests that must stay until then.
  uv_run(&handles_->loop, UV_RUN_DEFAULT);
  TM_ASSERT(uv_loop_close(&handles_->loop) == 0);
}

void Loop::Uv::RunIfTouched() {
  if (touched_) Run();
}

void Loop::Uv::RunIfDue() {
  if (due_ && SystemClock().Now() >= *due_) Run();
}

void Loop::Uv::OnReady(std::uint32_t) { Run(); }

void Loop::Uv::Run() {
  touched_ = false;
  uv_run(&handles_->loop, UV_RUN_NOWAIT);
  // Zero too when a callback started to watch something, which only the next run registers (since 1.44.2).
  const int timeout_ms = uv_backend_timeout(&handles_->loop);
  due_.reset();
  if (timeout_ms >= 0) due_ = SystemClock().Now() + Milliseconds(timeout_ms);
}

}  // namespace tidemill::net
