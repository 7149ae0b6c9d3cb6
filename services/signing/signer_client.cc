#include "services/signing/signer_client.h"

#include <algorithm>

namespace hikyaku::signing {

SignerClient::SignerClient(io::Loop& loop, std::string socket_path, Duration patience)
    : loop_(loop), channel_(loop, io::SocketAddress::unix_path(std::move(socket_path))), patience_(patience) {}

Task<std::optional<std::vector<Signature>>> SignerClient::ask(SignRequest request) {
  const auto wanted = request.items.size();
  auto asking = channel_.request({encode(request), {}}, loop_.after(patience_), io::OnLoss::Repeat);
  const auto answered = co_await std::move(asking);
  if (!answered) co_return std::nullopt;
  auto reply = decode_sign_reply(answered->octets);
  if (!reply || reply->signatures.size() != wanted) co_return std::nullopt;
  if (std::ranges::any_of(reply->signatures, [](const Signature& one) { return one.state == Signature::State::Busy; })) co_return std::nullopt;
  co_return std::move(reply->signatures);
}

Task<std::optional<std::vector<Signature>>> SignerClient::sign(std::vector<SignItem> items, SignField field) {
  if (away_ && asking_) co_return std::nullopt;
  const bool first = away_;
  if (first) asking_ = true;
  SignRequest request{std::move(items), field};
  auto asking = ask(std::move(request));
  auto answer = co_await std::move(asking);
  if (first) asking_ = false;
  away_ = !answer;
  co_return answer;
}

}  // namespace hikyaku::signing
