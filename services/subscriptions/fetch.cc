#include "services/subscriptions/fetch.h"

namespace hikyaku::subscriptions {

Task<Result<std::string, std::string>> fetch(Get get, std::string url, Deadline deadline) {
  auto request = http::https_request_to(url);
  if (!request) co_return failure(url + " is no https URL");
  request->most_answer_octets = most_list_octets;
  auto getting = get(*std::move(request), deadline);
  auto answer = co_await std::move(getting);
  if (!answer) co_return failure(std::move(answer).error().what);
  // Redirects are not followed: who says where the list is, is the operator.
  if (answer->status != 200) co_return failure("the answer was " + std::to_string(answer->status));
  co_return std::move(answer->body);
}

}  // namespace hikyaku::subscriptions
