// SignerClient: how `deliver` asks `signer`. One stream for all its requests, which is made anew after a loss; a request may be
// repeated, for signing twice harms nobody.
//
// While signer is away one request at a time goes on asking; the others learn at once that it is.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/task.h"
#include "io/channel.h"
#include "services/signing/sign_protocol.h"

namespace hikyaku::signing {

class SignerClient {
 public:
  // `socket_path`: run/signer.sock. The loop must outlive it, and the object every task it returned.
  SignerClient(io::Loop& loop, std::string socket_path, Duration patience = std::chrono::seconds{5});

  // One signature for each item; nothing: signer is away (restarting for longer than `patience`, stopped, busy).
  Task<std::optional<std::vector<Signature>>> sign(std::vector<SignItem> items, SignField field = SignField::DkimSignature);
  // Whether the last answer, if there was one, came. Never waits.
  [[nodiscard]] bool is_away() const { return away_; }
  // Away, and a request is out that will tell when it is back: others need not ask.
  [[nodiscard]] bool somebody_asks() const { return asking_; }

 private:
  Task<std::optional<std::vector<Signature>>> ask(SignRequest request);

  io::Loop& loop_;
  io::ChannelClient channel_;
  Duration patience_;
  bool away_ = false, asking_ = false;  // asking_: somebody does, while it is away
};

}  // namespace hikyaku::signing
