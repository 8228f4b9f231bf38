# The newcomer's targets. The daily loop is plain cargo: build, test, clippy.

CARGO ?= cargo
PREFIX ?= /usr/local

.PHONY: demo test bench soak fuzz audit install

demo:            ## build and watch four minutes of monitoring in this terminal
	@ci/demo

test:            ## install what the tests need, build everything, run everything
	@ci/packages test
	$(CARGO) build --workspace --locked
	$(CARGO) test --workspace --locked

soak:            ## a week of 20,000 services in virtual time
	HLIDKA_SOAK_DAYS=7 $(CARGO) test --release --locked -p engine soak

bench:           ## measure against Debian's plugins and Nagios 4, see benches/README.md
	@ci/packages bench
	@benches/run

fuzz:            ## two minutes for each parser (needs cargo-fuzz and a nightly toolchain)
	@ci/fuzz

audit:           ## bans, licences, sources; advisories where the database can be reached
	@ci/audit

install:         ## hlidka and its checks under $(PREFIX)
	ci/dist
	install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/lib/hlidka/plugins
	install target/dist/hlidka $(DESTDIR)$(PREFIX)/bin/
	install target/dist/hlidka-worker $(DESTDIR)$(PREFIX)/lib/hlidka/
	for check in plugins/check_*; do install target/dist/$$(basename $$check) $(DESTDIR)$(PREFIX)/lib/hlidka/plugins/; done
	install -d $(DESTDIR)$(PREFIX)/share/man/man1
	target/dist/hlidka-worker --man $(DESTDIR)$(PREFIX)/share/man/man1
	target/dist/hlidka-worker --completions $(DESTDIR)$(PREFIX)/share
