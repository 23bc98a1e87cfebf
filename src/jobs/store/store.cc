#include "jobs/store/store.h"

namespace tidemill::jobs {

bool Flush::empty() const {
  return ready_deletes.empty() && later_deletes.empty() && dead_deletes.empty() && claim_deletes.empty() &&
         record_deletes.empty() && inbox_deletes.empty() && ready.empty() && later.empty() && dead.empty() &&
         claims.empty() && records.empty();
}

}  // namespace tidemill::jobs
