#include "services/signing/sign_service.h"

#include <algorithm>

namespace hikyaku::signing {

Task<SignService::Found> SignService::find(std::string name) {
  if (const auto known = keys_.find(name); known != keys_.end()) co_return Found{known->second, Signature::State::Made, {}};
  auto reading = workers_.run(loop_, [this, &name] { return store_.read(name); });
  auto read = co_await std::move(reading);
  if (!read) co_return Found{nullptr, Signature::State::Busy, {}};
  if (!*read) {
    const bool none = read->error().kind == io::DiskFailure::NotFound;
    co_return Found{nullptr, none ? Signature::State::NoSuchKey : Signature::State::Unreadable, read->error().what};
  }
  auto key = std::make_shared<const dkim::PrivateKey>(std::move(**read));
  if (keys_.size() >= most_keys) keys_.clear();
  keys_.insert_or_assign(std::move(name), key);
  co_return Found{std::move(key), Signature::State::Made, {}};
}

Signature SignService::failed(Signature::State state) {
  using State = Signature::State;
  ++counts_.of(state == State::NoSuchKey ? SignFailure::NoSuchKey : state == State::Unreadable ? SignFailure::Unreadable : SignFailure::Busy);
  return {state, {}};
}

Task<Signature> SignService::sign(SignItem item, SignField field) {
  const auto began = loop_.clock().now();
  auto finding = find(item.key);
  const auto found = co_await std::move(finding);
  if (!found.key) {
    if (!found.why.empty()) log_.write(telemetry::events::key_unusable, {.reason = found.why});
    co_return failed(found.state);
  }
  auto signing = workers_.run(loop_, [&found, &item] { return found.key->sign(item.digest); });
  auto octets = co_await std::move(signing);
  if (!octets) co_return failed(Signature::State::Busy);
  auto& made = counts_.of(found.key->algorithm(), field);
  ++made.count;
  made.microseconds += static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::microseconds>(loop_.clock().now() - began).count());
  co_return Signature{Signature::State::Made, std::move(*octets)};
}

Task<io::Message> SignService::answer(io::Message message, io::PeerProcess) {
  SignReply reply;
  const auto request = decode_sign_request(message.octets);
  if (!request) ++counts_.of(SignFailure::NotUnderstood);
  if (request)
    for (const auto& item : request->items) {
      auto signing = sign(item, request->field);
      auto signature = co_await std::move(signing);
      reply.signatures.push_back(std::move(signature));
    }
  io::Message answered{encode(reply), {}};
  co_return answered;
}

Task<void> SignService::follow_folder() {
  while (!loop_.stopping()) {
    auto listing = workers_.run(loop_, [this] { return store_.names(); });
    const auto names = co_await std::move(listing);
    if (names) std::erase_if(keys_, [&](const auto& known) { return !std::ranges::binary_search(*names, known.first); });
    const auto outcome = co_await loop_.sleep_until(loop_.after(std::chrono::seconds{1}));
    if (outcome == io::Wake::Cancelled) break;
  }
}

}  // namespace hikyaku::signing
