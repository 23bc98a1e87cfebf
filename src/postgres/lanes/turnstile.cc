#include "postgres/lanes/turnstile.h"

namespace tidemill::postgres {

Task<sql::Result<Turnstile::Pass>> Turnstile::Enter(Patience patience) {
  if (inside_ >= places_ || !queue_.empty()) {
    WaitQueue::Wait turn(queue_, patience);
    TM_CO_TRY(co_await turn);
  }
  co_return Pass(*this);
}

void Turnstile::Leave() {
  --inside_;
  if (!queue_.empty()) loop_.ArmNextTurn(*this);
}

void Turnstile::OnReady(std::uint32_t) {
  while (!queue_.empty() && inside_ < places_) queue_.WakeFirst();
}

}  // namespace tidemill::postgres
