// SignService: what the `signer` process does. It answers requests for signatures with the keys of its folder; reading them and
// the arithmetic run on bounded workers. It knows no mail, no domain and no directory: a name, 32 octets, a signature.
#pragma once

#include <memory>
#include <string>
#include <unordered_map>

#include "io/channel.h"
#include "io/loop.h"
#include "io/workers.h"
#include "services/signing/key_store.h"
#include "services/signing/sign_counts.h"
#include "services/signing/sign_protocol.h"
#include "services/telemetry/log.h"

namespace hikyaku::signing {

class SignService {
 public:
  static constexpr std::size_t most_keys = 10'000;  // in memory; of more, those that are asked for are read anew

  // Everything given must outlive the service and its loop's run.
  SignService(io::Loop& loop, io::Workers& workers, const KeyStore& store, telemetry::Log& log) : loop_(loop), workers_(workers), store_(store), log_(log) {}

  // io::ChannelServer::Handler. A request that is not understood gets a reply without signatures.
  Task<io::Message> answer(io::Message request, io::PeerProcess peer);
  // Forgets keys whose files are gone; every second. Spawn it.
  Task<void> follow_folder();
  // Since it began. On the loop's thread.
  [[nodiscard]] const SignCounts& counts() const { return counts_; }

 private:
  using Key = std::shared_ptr<const dkim::PrivateKey>;
  struct Found {
    Key key;
    Signature::State state = Signature::State::Made;
    std::string why;
  };
  Task<Found> find(std::string name);
  Task<Signature> sign(SignItem item, SignField field);
  Signature failed(Signature::State state);

  io::Loop& loop_;
  io::Workers& workers_;
  const KeyStore& store_;
  telemetry::Log& log_;
  std::unordered_map<std::string, Key> keys_;
  SignCounts counts_;
};

}  // namespace hikyaku::signing
