// The sections about the server itself: node, listeners, TLS, log, processes.
#pragma once

#include "services/settings/setting.h"

namespace hikyaku::settings {

using namespace std::chrono_literals;

struct NodeSection : Section {
  NodeSection() : Section("node", "This machine.", "このマシン自身。") {}
  Setting<Count> id{*this, "id", {
      .help = "Number of this node; part of every trace id, so no two nodes of a cluster may share it.",
      .help_ja = "ノード番号。すべての追跡 ID に含まれるため、クラスタ内で重複してはならない。",
      .preset = 1, .min = 1, .max = 65'535, .takes_effect = TakesEffect::ServeRestart}};
  Setting<Text> hostname{*this, "hostname", {
      .help = "Fully qualified name used in greetings, Received lines and HELO; empty: the machine's own name.",
      .help_ja = "挨拶、Received 行、HELO に使う完全修飾名。空ならマシン自身の名前。",
      .takes_effect = TakesEffect::NewConnections}};
  Setting<Text> data{*this, "data", {
      .help = "Folder of everything Hikyaku keeps: spool, accounts, directory, logs, run.",
      .help_ja = "スプール、メールボックス、ディレクトリ、ログ、run など全データを置くフォルダ。",
      .preset = "/var/lib/hikyaku", .takes_effect = TakesEffect::ServeRestart}};
};

struct ListenSection : Section {
  ListenSection()
      : Section("listen", "Addresses each service listens on: \"host:port\", \"[v6]:port\" or \"*:port\"; an empty list "
                "turns the port off.", "各サービスの待ち受け。\"host:port\"、\"[v6]:port\"、\"*:port\"。空の一覧なら開かない。") {}
  Setting<Texts> smtp{*this, "smtp", {.help = "SMTP from other servers (RFC 5321).", .help_ja = "他サーバからの SMTP。",
      .preset = {"*:25"}, .takes_effect = TakesEffect::ServeRestart}};
  Setting<Texts> submission{*this, "submission", {.help = "Submission with STARTTLS (RFC 6409).",
      .help_ja = "STARTTLS を使う送信用ポート。", .preset = {"*:587"}, .takes_effect = TakesEffect::ServeRestart}};
  Setting<Texts> submissions{*this, "submissions", {.help = "Submission inside TLS (RFC 8314 §3.3).",
      .help_ja = "最初から TLS の送信用ポート。", .preset = {"*:465"}, .takes_effect = TakesEffect::ServeRestart}};
  Setting<Texts> lmtp{*this, "lmtp", {.help = "LMTP from trusted local servers (RFC 2033).",
      .help_ja = "信頼する内部サーバからの LMTP。", .takes_effect = TakesEffect::ServeRestart}};
  Setting<Texts> pop3{*this, "pop3", {.help = "POP3 with STLS (RFC 1939, 2595).", .help_ja = "STLS を使う POP3。",
      .preset = {"*:110"}, .takes_effect = TakesEffect::ServeRestart}};
  Setting<Texts> pop3s{*this, "pop3s", {.help = "POP3 inside TLS (RFC 8314 §3.3).", .help_ja = "最初から TLS の POP3。",
      .preset = {"*:995"}, .takes_effect = TakesEffect::ServeRestart}};
  Setting<Texts> imap{*this, "imap", {.help = "IMAP with STARTTLS (RFC 9051).", .help_ja = "STARTTLS を使う IMAP。",
      .preset = {"*:143"}, .takes_effect = TakesEffect::ServeRestart}};
  Setting<Texts> metrics{*this, "metrics", {
      .help = "HTTP, for Prometheus: GET /metrics. It asks for no login, so name a loopback or an inner address: \"127.0.0.1:9209\".",
      .help_ja = "Prometheus のための HTTP(GET /metrics)。認証はないので、\"127.0.0.1:9209\" のようにループバックか内部のアドレスを書く。",
      .takes_effect = TakesEffect::ServeRestart}};
  Setting<Texts> decisions{*this, "decisions", {
      .help = "HTTP, for the links of [refusals] link_url: whoever has one decides once about who was put off. Name a loopback or an inner address, \"127.0.0.1:9210\"; from outside it is reached through your web server, with TLS.",
      .help_ja = "[refusals] link_url のリンクのための HTTP。リンクを持つ者が、保留した送信者について一度だけ判断できる。\"127.0.0.1:9210\" のようにループバックか内部のアドレスを書き、外からは Web サーバの TLS を通して届くようにする。",
      .takes_effect = TakesEffect::ServeRestart}};
  Setting<Texts> imaps{*this, "imaps", {.help = "IMAP inside TLS (RFC 8314 §3.3).", .help_ja = "最初から TLS の IMAP。",
      .preset = {"*:993"}, .takes_effect = TakesEffect::ServeRestart}};
};

struct TlsSection : Section {
  TlsSection() : Section("tls", "The certificate shown to clients; TLS 1.2 and 1.3 are spoken.", "クライアントに示す証明書。TLS 1.2 と 1.3 を使う。") {}
  Setting<Text> certificate{*this, "certificate", {
      .help = "PEM file of the certificate with its chain; empty: no TLS is offered.",
      .help_ja = "証明書と中間証明書の PEM ファイル。空なら TLS を提供しない。", .takes_effect = TakesEffect::NewConnections}};
  Setting<Text> key{*this, "key", {
      .help = "PEM file of the private key; only the supervisor reads it.",
      .help_ja = "秘密鍵の PEM ファイル。読むのは監督プロセスだけ。", .takes_effect = TakesEffect::NewConnections}};
};

struct LogSection : Section {
  LogSection() : Section("log", "Logs: one JSON line an event, a file a day.", "ログ。1 イベント 1 行の JSON、1 日 1 ファイル。") {}
  Setting<Count> retention_days{*this, "retention_days", {
      .help = "Days a log file is kept; 0: for ever.", .help_ja = "ログファイルを保存する日数。0 は無期限。",
      .preset = 366, .min = 0, .max = 36'600}};
  Setting<Text> level{*this, "level", {
      .help = "Least important events that are written; trace includes the protocol's text.",
      .help_ja = "記録する最も低い重要度。trace はプロトコルの本文を含む。",
      .preset = "info", .choices = {"error", "warning", "info", "debug", "trace"}}};
  Setting<ByteCount> queue_size{*this, "queue_size", {
      .help = "Log lines waiting for the disk in each process; beyond it lines are dropped, counted and reported.",
      .help_ja = "各プロセスで書き込みを待つログの上限。超えた行は捨て、その数を記録する。",
      .preset = MiB(4), .min = KiB(64), .max = GiB(1), .takes_effect = TakesEffect::ServiceRestart}};
};

struct ServeSection : Section {
  ServeSection() : Section("serve", "The supervisor and its service processes.", "監督プロセスと各サービス。") {}
  Setting<Text> user{*this, "user", {
      .help = "User the services run as when started by root; empty: the owner of the data folder.",
      .help_ja = "root で起動したときサービスを動かすユーザ。空ならデータフォルダの所有者。",
      .takes_effect = TakesEffect::ServeRestart}};
  Setting<Seconds> stop_limit{*this, "stop_limit", {
      .help = "Time a service gets to finish open transactions when it is stopped; then it is killed.",
      .help_ja = "停止時に処理中の取引を終えるための時間。過ぎれば強制終了する。",
      .preset = 20s, .min = 1s, .max = 1h, .takes_effect = TakesEffect::ServiceRestart}};
  Setting<Seconds> restart_wait{*this, "restart_wait", {
      .help = "Wait before a crashed service is started again; doubles with each further crash.",
      .help_ja = "異常終了したサービスを再起動するまでの待ち。続けて落ちるたびに倍になる。",
      .preset = 1s, .min = 1s, .max = 1h}};
  Setting<Seconds> restart_wait_max{*this, "restart_wait_max", {
      .help = "Longest wait before a crashed service is started again.",
      .help_ja = "異常終了したサービスを再起動するまでの待ちの上限。", .preset = 60s, .min = 1s, .max = 24h}};
  Setting<bool> confine{*this, "confine", {
      .help = "Put every service under seccomp and landlock; switch off only to debug.",
      .help_ja = "各サービスを seccomp と landlock で閉じ込める。切るのは調査のときだけ。",
      .preset = true, .takes_effect = TakesEffect::ServiceRestart}};
};

}  // namespace hikyaku::settings
