// Whole exchanges: the vector of RFC 7677 §3, every way they must fail, and client against server.
#include <doctest/doctest.h>

#include "base/base64.h"
#include "protocol/sasl/client_exchange.h"
#include "protocol/sasl/server_exchange.h"

using namespace hikyaku;
using namespace hikyaku::sasl;

namespace {
const std::string client_nonce = "rOprNGfwEbeRWgbNEkqO";
const std::string server_nonce = "%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0";

ScramKeys pencil() { return *derive_scram_keys("pencil", *base64_decode("W22ZaJ0SNY7soEsUEjb6gQ=="), 4096); }

// Plays the outside of a server that knows "user"/"pencil".
ServerStep answered(ServerExchange& server, ServerStep step) {
  if (auto* password = std::get_if<CheckPassword>(&step))
    return server.password_checked(password->user == "user" && password->password == "pencil" ? PasswordVerdict::Right
                                                                                              : PasswordVerdict::Wrong);
  if (auto* find = std::get_if<FindKeys>(&step))
    return server.keys_found(find->user == "user" ? pencil() : fake_scram_keys("secret", find->user, 4096));
  return step;
}

ServerStep talk(ServerExchange& server, ClientExchange& client) {
  auto initial = client.start();
  if (!initial) return Refused{RefusedBecause::Malformed, "client", {}};
  ServerStep step = answered(server, server.start(*initial));
  while (auto* challenge = std::get_if<Challenge>(&step)) {
    auto response = client.respond(challenge->octets);
    if (!response) return Refused{RefusedBecause::Malformed, "client", {}};
    step = answered(server, server.respond(*response));
  }
  return step;
}

ServerStep first_step(Mechanism mechanism, std::string_view message, ServerContext context = {server_nonce}) {
  ServerExchange server(mechanism, std::move(context));
  return server.start(message);
}
}  // namespace

TEST_CASE("SCRAM-SHA-256: the vector of RFC 7677 §3") {
  ServerExchange server(Mechanism::ScramSha256, {server_nonce});
  ServerStep step = server.start("n,,n=user,r=rOprNGfwEbeRWgbNEkqO");
  REQUIRE(std::get<FindKeys>(step).user == "user");
  step = server.keys_found(pencil());
  CHECK(std::get<Challenge>(step).octets ==
        "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096");
  step = server.respond(
      "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=");
  REQUIRE(std::holds_alternative<Challenge>(step));
  CHECK(std::get<Challenge>(step).octets == "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=");
  step = server.respond("");
  CHECK(std::get<Accepted>(step).user == "user");
}

TEST_CASE("SCRAM-SHA-256: our client says what RFC 7677 §3 says") {
  ClientExchange client(Mechanism::ScramSha256, {.user = "user", .password = "pencil", .client_nonce = client_nonce});
  CHECK(**client.start() == "n,,n=user,r=rOprNGfwEbeRWgbNEkqO");
  CHECK(*client.respond("r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096") ==
        "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=");
  CHECK_FALSE(client.succeeded());  // the server has proven nothing yet
  CHECK(*client.respond("v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=") == "");
  CHECK(client.succeeded());
}

TEST_CASE("every mechanism lets the right password in and no other") {
  const ChannelBinding channel{.data = std::string(32, 'x')};
  for (const auto mechanism : {Mechanism::Plain, Mechanism::Login, Mechanism::ScramSha256, Mechanism::ScramSha256Plus}) {
    struct Row { std::string user, password; bool enters; };
    for (const Row& row : {Row{"user", "pencil", true}, Row{"user", "Pencil", false}, Row{"user", "pencil ", false},
                           Row{"nobody", "pencil", false}, Row{"User", "pencil", false}}) {
      CAPTURE(mechanism_name(mechanism));
      CAPTURE(row.user);
      CAPTURE(row.password);
      ServerExchange server(mechanism, {server_nonce, channel});
      ClientExchange client(mechanism, {row.user, row.password, "", client_nonce, channel});
      const auto end = talk(server, client);
      CHECK(std::holds_alternative<Accepted>(end) == row.enters);
      if (!row.enters) CHECK(std::get<Refused>(end).why == RefusedBecause::WrongCredentials);
      if (row.enters) CHECK(client.succeeded());
    }
  }
}

TEST_CASE("the authorization identity arrives, with its commas") {
  for (const auto mechanism : {Mechanism::Plain, Mechanism::ScramSha256}) {
    ServerExchange server(mechanism, {server_nonce});
    ClientExchange client(mechanism, {"user", "pencil", "a=b,c", client_nonce, {}});
    CHECK(std::get<Accepted>(talk(server, client)).authorization_identity == "a=b,c");
  }
}

TEST_CASE("channel binding: another channel, no channel and a downgrade are refused") {
  const ChannelBinding here{.data = std::string(32, 'x')}, elsewhere{.data = std::string(32, 'y')};
  SUBCASE("somebody between us ends both TLS connections") {
    ServerExchange server(Mechanism::ScramSha256Plus, {server_nonce, here});
    ClientExchange client(Mechanism::ScramSha256Plus, {"user", "pencil", "", client_nonce, elsewhere});
    CHECK(std::get<Refused>(talk(server, client)).why == RefusedBecause::ChannelBinding);
  }
  SUBCASE("-PLUS was offered but the client was not shown it") {
    ServerExchange server(Mechanism::ScramSha256, {server_nonce, here, ServerContext::Plus::Offered});
    ClientExchange client(Mechanism::ScramSha256, {"user", "pencil", "", client_nonce, here});
    const auto end = talk(server, client);
    CHECK(std::get<Refused>(end).scram_error == "e=server-does-support-channel-binding");
  }
  SUBCASE("a client without channel binding may still use the plain mechanism") {
    ServerExchange server(Mechanism::ScramSha256, {server_nonce, here, ServerContext::Plus::Offered});
    ClientExchange client(Mechanism::ScramSha256, {"user", "pencil", "", client_nonce, {}});
    CHECK(std::holds_alternative<Accepted>(talk(server, client)));
  }
  struct Row { Mechanism mechanism; std::string_view message; };
  for (const Row& row : {Row{Mechanism::ScramSha256Plus, "n,,n=user,r=abc"}, Row{Mechanism::ScramSha256Plus, "y,,n=user,r=abc"},
                         Row{Mechanism::ScramSha256Plus, "p=tls-unique,,n=user,r=abc"},
                         Row{Mechanism::ScramSha256, "p=tls-exporter,,n=user,r=abc"}}) {
    CAPTURE(row.message);
    const auto step = first_step(row.mechanism, row.message, {server_nonce, here});
    REQUIRE(std::holds_alternative<Refused>(step));
    CHECK(std::get<Refused>(step).why == RefusedBecause::ChannelBinding);
  }
}

TEST_CASE("malformed first messages are refused") {
  using namespace std::string_view_literals;
  for (const std::string_view message :
       {""sv, "user"sv, "\0user"sv, "\0\0pencil"sv, "\0user\0"sv, "\0user\0pen\0cil"sv, "a\0b"sv}) {
    CAPTURE(message);
    const auto step = first_step(Mechanism::Plain, message);
    REQUIRE(std::holds_alternative<Refused>(step));
    CHECK(std::get<Refused>(step).why == RefusedBecause::Malformed);
  }
  for (const std::string_view message :
       {""sv, "n"sv, "n,"sv, "n,,"sv, "n,,n=user"sv, "n,,n=,r=abc"sv, "n,,n=user,r="sv, "n,,r=abc,n=user"sv,
        "x,,n=user,r=abc"sv, "n,,n=us=er,r=abc"sv, "n,,m=x,n=user,r=abc"sv, "n,,n=user,r=a\x01" "b"sv,
        "n,,n=us\0er,r=abc"sv, "n,a=,n=user,r=abc"sv, "n,b=x,n=user,r=abc"sv, "p=,,n=user,r=abc"sv,
        "n,,n=user,r=abc,"sv, "n,,n=user,r=abc,1=x"sv, "n,,n=\xff,r=abc"sv}) {
    CAPTURE(message);
    const auto step = first_step(Mechanism::ScramSha256, message);
    REQUIRE(std::holds_alternative<Refused>(step));
    CHECK(std::get<Refused>(step).why == RefusedBecause::Malformed);
  }
  CHECK(std::holds_alternative<Refused>(first_step(Mechanism::Plain, std::string(most_response_octets + 1, 'x'))));
}

TEST_CASE("malformed final messages are refused") {
  for (const std::string_view message :
       {"", "c=biws", "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0",
        "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=",
        "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzb",
        "c=biws,r=rOprNGfwEbeRWgbNEkqO,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=",
        "c=eSws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=",
        "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=,x=y"}) {
    CAPTURE(message);
    ServerExchange server(Mechanism::ScramSha256, {server_nonce});
    server.start("n,,n=user,r=rOprNGfwEbeRWgbNEkqO");
    server.keys_found(pencil());
    CHECK(std::holds_alternative<Refused>(server.respond(message)));
  }
}

TEST_CASE("our client is not taken in by a false server") {
  const auto client_after_start = [] {
    ClientExchange client(Mechanism::ScramSha256, {"user", "pencil", "", client_nonce, {}});
    (void)client.start();
    return client;
  };
  struct Row { std::string_view message; ClientFailure why; };
  for (const Row& row : {Row{"r=another,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096", ClientFailure::Malformed},
                         Row{"r=rOprNGfwEbeRWgbNEkqO,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096", ClientFailure::Malformed},
                         Row{"r=rOprNGfwEbeRWgbNEkqOx,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=1", ClientFailure::TooMuchWork},
                         Row{"r=rOprNGfwEbeRWgbNEkqOx,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4000000000", ClientFailure::TooMuchWork},
                         Row{"m=x,r=rOprNGfwEbeRWgbNEkqOx,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096", ClientFailure::Malformed},
                         Row{"", ClientFailure::Malformed}}) {
    CAPTURE(row.message);
    auto client = client_after_start();
    CHECK(client.respond(row.message).error() == row.why);
    CHECK_FALSE(client.succeeded());
  }
  for (const auto& [message, why] :
       {std::pair{"v=AAAATRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=", ClientFailure::ServerUnproven},
        std::pair{"e=invalid-proof", ClientFailure::ServerRefused}, std::pair{"v=", ClientFailure::Malformed}}) {
    auto client = client_after_start();
    REQUIRE(client.respond("r=rOprNGfwEbeRWgbNEkqOx,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096"));
    CHECK(client.respond(message).error() == why);
    CHECK_FALSE(client.succeeded());
  }
}

TEST_CASE("LOGIN takes the name with the command, and refuses empty answers") {
  ServerExchange server(Mechanism::Login, {});
  CHECK(std::get<Challenge>(server.start("user")).octets == "Password:");
  CHECK(std::get<CheckPassword>(server.respond("pencil")).password == "pencil");
  ServerExchange empty_name(Mechanism::Login, {});
  CHECK(std::get<Challenge>(empty_name.start(std::nullopt)).octets == "Username:");
  CHECK(std::holds_alternative<Refused>(empty_name.respond("")));
}

TEST_CASE("unknown users meet the same salt every time, and another name another salt") {
  CHECK(fake_scram_keys("s", "a", 4096) == fake_scram_keys("s", "a", 4096));
  CHECK(fake_scram_keys("s", "a", 4096).salt != fake_scram_keys("s", "b", 4096).salt);
  CHECK(fake_scram_keys("s", "a", 4096).salt != fake_scram_keys("t", "a", 4096).salt);
  CHECK(fake_scram_keys("s", "a", 4096).salt.size() == 16);
}

TEST_CASE("mechanism names") {
  for (const auto mechanism : {Mechanism::Plain, Mechanism::Login, Mechanism::ScramSha256, Mechanism::ScramSha256Plus})
    CHECK(mechanism_named(mechanism_name(mechanism)) == mechanism);
  CHECK(mechanism_named("plain") == Mechanism::Plain);
  for (const auto* unknown : {"", "PLAI", "PLAINX", "SCRAM-SHA-1", "CRAM-MD5"}) CHECK_FALSE(mechanism_named(unknown));
}
