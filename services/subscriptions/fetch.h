// Fetching a list: by https, verified, from the caller's loop.
#pragma once

#include "services/http_client/client.h"
#include "services/subscriptions/subscription.h"

namespace hikyaku::subscriptions {

// Its text; the error is one sentence. `get`: http::send_request with the caller's resolver and authorities.
using Get = std::function<Task<Result<http::ClientAnswer, http::ClientError>>(http::ClientRequest request, Deadline deadline)>;
Task<Result<std::string, std::string>> fetch(Get get, std::string url, Deadline deadline);

}  // namespace hikyaku::subscriptions
