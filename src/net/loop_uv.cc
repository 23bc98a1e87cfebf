#include "net/loop_uv.h"

#include <string>

#include "base/assert.h"

namespace tidemill::net {

Result<void> Loop::Uv::Start() {
  if (const int error = uv_loop_init(&loop_); error != 0) {
    return Fail(Errc::kInternal, std::string("libuv loop: ") + uv_strerror(error));
  }
  started_ = true;
  // A loop without an active handle does not poll, and then a late wake-up of its thread pool would leave its
  // descriptor readable for ever.
  TM_ASSERT(uv_async_init(&loop_, &keep_alive_, [](uv_async_t*) {}) == 0);
  touched_ = true;
  return {};
}

Loop::Uv::~Uv() {
  if (!started_) return;
  const auto close = [](uv_handle_t* handle, void*) {
    if (uv_is_closing(handle) == 0) uv_close(handle, nullptr);
  };
  uv_walk(&loop_, close, nullptr);
  // Waits for what the thread pool is doing: it writes into requests that must stay until then.
  uv_run(&loop_, UV_RUN_DEFAULT);
  TM_ASSERT(uv_loop_close(&loop_) == 0);
}

void Loop::Uv::RunIfTouched() {
  if (touched_) Run();
}

void Loop::Uv::RunIfDue() {
  if (due_ && SystemClock().Now() >= *due_) Run();
}

void Loop::Uv::OnReady(std::uint32_t) {
  Run();
  touched_ = true;  // a callback may have started watching what only the next run registers
}

void Loop::Uv::Run() {
  touched_ = false;
  uv_run(&loop_, UV_RUN_NOWAIT);
  const int timeout_ms = uv_backend_timeout(&loop_);
  due_.reset();
  if (timeout_ms >= 0) due_ = SystemClock().Now() + Milliseconds(timeout_ms);
}

}  // namespace tidemill::net
