// UploadServices: what the attachments of one loop work with. Loop thread only; borrowed, all but the scope.
#pragma once

#include "base/log_limit.h"
#include "chat/api/service.h"
#include "chat/operations/services.h"
#include "chat/uploads/admission.h"
#include "chat/uploads/file_store.h"
#include "chat/uploads/metrics.h"
#include "chat/uploads/settings.h"
#include "net/task_scope.h"

namespace tidemill::chat {

struct UploadServices {
  Services& chat;
  Service& api;
  FileStore& files;
  Admission& admission;
  UploadMetrics& metrics;
  const UploadSettings& settings;
  log::LogLimit failures;  // of the disk, in the log
  TaskScope keeping;       // uploads that are whole; last
};

// What a failure of the disk means to who asked. Counts it, and says it to the log.
Refusal RefuseFailure(UploadServices& services, const Error& error);

}  // namespace tidemill::chat
