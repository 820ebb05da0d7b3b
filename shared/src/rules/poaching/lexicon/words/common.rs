//! Further words in English, German, Spanish, French, Portuguese, Italian and Dutch: what proposals are made of.

use crate::rules::poaching::concept::*;

pub(super) const WORDS: &[(Concepts, &str)] = &[
    (OURSELVES, "ourselves on_our_own between_us among_us amongst_us just_us just_the_two_of_us just_you_and_me you_and_me you_and_i
        each_other with_each_other amongst_ourselves between_ourselves between_you_and_me one_to_one
        unter_uns zwischen_uns nur_wir_zwei wir_zwei wir_beide untereinander miteinander entre_nosotros entre_los_dos entre_tú_y_yo
        entre_nous à_deux toi_et_moi vous_et_moi entre_nós só_nós nós_dois eu_e_você eu_e_tu tra_noi fra_noi tra_di_noi noi_due io_e_te
        onder_ons tussen_ons wij_tweeën met_z'n_tweeën onderling"),
    (0, "between_us_we_have between_us_we between_them among_them each_other_well know_each_other like_each_other love_each_other
        with_each_other_well each_other_out play_with_each_other get_along_with_each_other zusammen_mit"),
    (CANCEL, "cancel cancelling canceling decline declining reject withdraw delete end_the_booking close_the_booking
        stornier* storniere absag* sag_ab ablehn* lehn_ab cancela* cancelas anula* rechaza* annul* annuler annulez annule refus*
        decline cancelar recus* anul* annulla* annulli disdici disdire rifiuta* annuleer* annuleren afzeg* zeg_af weiger*"),
    (LATER, "instead next_time from_now_on in_future in_the_future going_forward from_here_on future anymore any_more
        in_zukunft künftig nächstes_mal ab_jetzt nächste_mal stattdessen la_próxima_vez próxima_vez a_partir_de_ahora en_adelante en_el_futuro
        la_prochaine_fois prochaine_fois à_l'avenir désormais à_partir_de_maintenant da_próxima da_próxima_vez daqui_pra_frente
        a_partir_de_agora no_futuro la_prossima_volta prossima_volta d'ora_in_poi in_futuro volgende_keer voortaan in_de_toekomst"),
    (HAND, "envelope in_an_envelope in_your_hand in_hand in_person at_the_door on_the_door under_the_mat on_the_day at_pickup at_pick_up at_drop_off
        at_dropoff at_handover when_you_arrive umschlag im_umschlag auf_die_hand an_der_tür bei_übergabe in_die_hand sobre en_un_sobre en_mano en_la_puerta
        a_la_entrega enveloppe dans_une_enveloppe en_main_propre main_à_main à_la_porte envelope em_mãos na_mão na_porta
        busta in_una_busta in_mano a_mano alla_porta a_mani envelop in_een_envelop in_de_hand contant_in_de_hand aan_de_deur handje_contantje"),
    (HERE, "here     this_chat    
        hierüber hier_drüber hier por_aquí por_acá aquí par_ici ici por_aqui aqui da_qui qui di_qui hierlangs hier_om"),
    (THEY, "they them    the_bosses boss the_boss management headquarters hq sie die_leute chef ellos la_empresa
        los_de eux ils patron le_patron eles loro quelli zij hen"),
    (TAKES, "take takes taking charge charges charging keep keeps grab grabs pocket pockets deduct deducts skim skims eat eats cut chunk share slice behält
        behalten nimmt nehmen kassiert kassieren zieht abziehen cobra cobran queda quedan quitan llevan prend prennent prélève prélèvent garde gardent
        cobra cobram fica ficam leva levam tira trattiene trattengono prende prendono pakt pakken houdt rekent inhoudt"),
    (OWN, "own eigen* selbständig* selbstständig* propio propia propios propias por_mi_cuenta perso propre próprio própria próprios proprio
        propria eigen zelfstandig*"),
    (BUSINESS, "clients client customers customer business rates rate prices price_list pricing side_hustle hustle gig kunden kundin kundschaft preise
        preisliste gewerbe clientes cliente negocio tarifas precios clients client tarifs prix activité clientes negócio preços clienti attività
        tariffe prezzi klanten tarief tarieven prijzen zaak bedrijf"),
    (QUIT, "quit quitting leave leaving left_the leave_the leaving_the move_away_from moved_on kündig* kuendig* verlass* aufhör* dejo dejar dejas deja dejando
        quitte quitter quittez quittes lâche largar largo larga deixar deixo deixas sair lascio lasciare lasci lascia mollare verlaat verlaten stop_bij
        weg_bij"),
    (WOULD, "would could can shall wanna want_to what_if how_about what_about fancy mind would_you could_you can_you    
        why_dont_we lets let's  is_it_possible is_there_a_way any_chance do_you_want interested considered consider thinking_of possible willing open_to up_for
        könnten könnte können kann wollen  würden würdest würde möchten möchtest möchte   magst wie_wäre_es hättest
        podemos podríamos podrías podría puedo puedes puede podés quieres quiere querés te_gustaría le_gustaría qué_tal si_quieres te_parece le_parece vamos
        on_peut peut-on pourrait pourrions pourriez peux peut pouvons veux voulez voudrais voudriez ça_te_dit ça_vous_dit et_si si_on aimerais
        podemos poderíamos pode poderia posso quer queres topa toparia que_tal gostaria bora consegue
        possiamo potremmo potresti può puoi potrebbe posso vuoi vuole vorresti ti_va che_ne_dici le_andrebbe magari
        kunnen zullen zou zouden kun kan wil wilt willen   misschien"),
    (RECORD, "log logging record recording report reporting register registering invoice it put_it_through on_paper in_writing
        eintragen einzutragen erfassen melden verbuchen registrar apuntar declarar déclarer enregistrer declarar registrar registrare segnare dichiarare
        registreren opgeven"),
    (WE, "we we'll we'd  let_us wir nosotros on nós a_gente noi we wij"),
    (AMOUNT, "quid bucks euros euro dollars pounds tenner twenty fifty hundred"),
    (DETAILS, "details contact_details contact_info info contact card business_card flyer flier infos visitenkarte karte daten kontakt contacto tarjeta datos
        carte_de_visite coordonnées contato cartão contatti biglietto recapiti recapito gegevens kaartje visitekaartje number_on_it"),
    (MEDIUM, "text texts sms email emails mail phone imessage chat_app messenger messages whats telefon handy teléfono téléphone telefone telefono
        telefoon correo courriel nachricht"),
    (BOOKING, "booking bookings request requests job reservation buchung buchungen anfrage auftrag reserva reservas solicitud pedido réservation
        réservations demande prenotazione prenotazioni richiesta boeking boekingen aanvraag rezerwacj* zleceni* bokning* förfrågan booking* bestilling rezervasyon*
        заказ* бронь rezervar*"),
    (ALONE, "on_my_own by_myself for_myself self_employed self-employed freelance freelancing freelancer independent independently as_a_private_person
        auf_eigene_faust auf_eigene_rechnung auf_eigene_kappe freiberuflich selbständig selbstständig por_tu_cuenta por_mi_cuenta por_su_cuenta por_cuenta_propia por_libre
        à_mon_compte à_ton_compte à_votre_compte en_indépendant en_free-lance por_conta_própria por_minha_conta por_fora per_conto_mio per_conto_tuo per_conto_proprio
        in_proprio voor_mezelf voor_jezelf als_zzp als_zelfstandige particulier zzp'er på_egen_hand na_własną_rękę"),
    (PERSONAL, "personal private personally own direct  real actual privé privée privat private privaten privater privates persönliche* personale personal privado
        privada particular pessoal personnel personnelle perso privato privata persoonlijk* prywatn* privata eget egen"),
    (ACCOUNT, "account acct bank bank_account konto bankkonto girokonto cuenta cuenta_bancaria compte compte_bancaire conta conta_bancária conto conto_corrente
        conto_bancario rekening bankrekening konta kontonr hesap hesabı hesabına счёт счет карту cont contul účet účtu"),

    // Names with what is typed wrong in them.
    (CHAT, "whatsapp~ telegram~ messenger~ threema~ imessage~ whatsap* whatsup whatsaap watsap* wasap* wassap* guasap* whatsopp telegram* viber* zapzap~ wechat*"),
    (SOCIAL, "instagram~ facebook~ snapchat~ tiktok* insta instas instagram* facebook* snapchat* linkedin* fbook"),
    (PURSE, "paypal~ venmo~ revolut~ satispay~ cashapp~ zelle zell bizum* paypal* venmo* revolut* zelle* tikkie* twint* bizumear bizumeo monzo starling bancontact payconiq
        swish* vipps* mobilepay* blik* skrill payoneer neteller crypto* cryptocurrency bitcoin* ethereum eth wero nequi daviplata yape  picpay nubank
        mercadopago oxxo  clabe cbu alias_de_mercado iban*   postfinance sepa lydia paylib   transferwise 
        google_pay apple_pay samsung_pay gift_voucher amazon_voucher amazon_gift_card check_made_out cheque_made_out"),
    (DIRECT, "directly~ directamente~ directement~ diretamente~ direttamente~ direct direkt direktemang rechtstreeks~ in_direct"),
    (PRIVATELY, "privately~ privatim"),
    (AGENCY, "agency~ agencies middleman~ middlemen agentur agencia~ intermediary intermediaries go_between dog-walking_company sitting_company petsitting_company"),
    (APP, "platform~ plattform~ plateforme~ plataforma~ piattaforma~ application~ website~ apps"),
    (FEE, "commission~ commissions percentage vermittlungsgebuhr* vermittlungsprovision* servicegebühr* comisión~ service_fee booking_fee agency_fee platform_fee app_fee
        their_fee the_fee finder's_fee service_charge comisiones honorarios bemiddelingskosten provisie"),
    (CASH, "cash~ kontant* contant* contanti efectivo~ espèces barzahlung bares cashing"),
    (OUT, "outside~ bypass bypassing around elsewhere_than outwith"),

    // Words of the proposals themselves.
    (BOOK, "deal dealt dealing do_business negotiate negotiating contract contracting recruit hire  employ employed   work sort sorted arranged set_up setup
        organise organize  settle sort_out work_out agree agreed agreement engage_you take_you_on take_on keep_using keep_coming carry_on_with
        anheuern einstellen anstellen beauftragen buchen absprechen abmachen regeln vereinbaren klären einigen
        contratarte contratarle contratar contratamos contrato organizamos acordamos quedamos negociar arreglar arreglarlo arreglamos hacemos hacerlo
        embaucher engager arranger s'arranger organiser s'organiser convenir négocier traiter gérer
        contratar combinar acertar acertamos combinado fechar fechamos negociar tratar resolver
        assumere assumerti ingaggiare accordarci accordiamoci metterci_d'accordo organizzare organizziamoci sistemare gestire vedersela
        inhuren aannemen afspreken regelen boeken samenwerken"),
    (SERVE, "walk walks walking sit sitting watch watching mind minding look_after pass_by pass op pas oppassen passer_op oppas uitlaten
        gassi betreuen aufpassen cuidar cuidarlo cuidarla pasear pasearlo garder gardes promener cuidar passear badare portare_fuori portarlo tenere"),
    (CONTACT, "get_hold_of get_ahold get_in_touch_with find_me reach_out reach_me drop_a_line catch_me buzz bell facetime videocall
        give_a_ring give_a_bell give_a_shout melde_dich melden_sie schreibt schreib anrufen ruf_an kontaktieren
        escríbeme escríbenos contáctame llámame llamar écrire écris-moi écrivez-moi appelle-moi appelez-moi joindre contacte-moi
        me_liga me_ligue me_escreve me_escreva me_chama me_chame  scrivimi mi_scriva chiamami mi_chiami contattami sentimi
        appen appje app_je app_me bel_me bellen  stuur_mij bereiken mailen sms'en"),
    (CONTACT | ME, "give_me_a_ring give_me_a_bell give_me_a_call give_me_a_shout give_us_a_ring give_us_a_call get_hold_of_me get_in_touch_with_me drop_me_a_line drop_me_a_text
        shoot_me_a_text shoot_me_a_message shoot_me_an_email send_me_a_text send_me_an_email buzz_me reach_me reach_us catch_me find_me find_us app_me app_mij
        bel_me bel_mij  mail_mij stuur_me_een_appje stuur_me_een_mailtje schick_mir_eine_mail schreib_mir_eine_mail mándame_un_mensaje mándame_un_correo
        envoie-moi_un_message envoie-moi_un_sms envoyez-moi_un_mail me_manda_mensagem me_manda_msg manda_mensagem mandami_un_messaggio mandami_una_mail"),
    (GIVE, "pop pass_on pass_me slip forward provide jot write_down save das dan dejas deja dejo pasas pasa paso mandas envías darme pasarme donnes donnez laisse laisses dá dás passas passo mandas lasci lasciare mandi passi dà dare dai geef stuur heeft heb gibst geben kannst darf may         mind_giving mind_sharing
                    apúntate guárdate
                 filez
                anote
                  segnati salvati
              noteer         notier*"),
    (NUMBER, "number~ numbers phone_no phone_nr phone_num num nr tel mobile_no cell_no cell# digits nº_de_teléfono móvil teléfono numéro portable tél número celular telefone telemóvel
        contacto contato cellulare telefono nummer telefoonnummer mobieltje 06-nummer telnr telnummer 06 handynr telnr festnetz festnetznummer durchwahl landline
        whatsapp_nummer whatsappnummer whatsapp-nummer direct_line direct_dial"),
    (OWN_NUMBER, "your_digits my_digits ur_digits ur_number your_number my_number your_cell my_cell your_mobile my_mobile your_phone_number my_phone_number ur_num
        deine_nummer meine_nummer ihre_nummer deine_handynummer meine_handynummer ihre_handynummer tu_número mi_número su_número tu_teléfono mi_teléfono su_teléfono tu_celular
        mi_celular tu_móvil mi_móvil ton_numéro mon_numéro votre_numéro ton_06 mon_06 votre_06 ton_tel mon_tel votre_portable ton_portable mon_portable ton_num mon_num
        teu_número meu_número seu_número seu_telefone meu_telefone teu_telemóvel meu_telemóvel seu_celular meu_celular
        tuo_numero mio_numero suo_numero il_tuo_numero il_mio_numero il_suo_numero tuo_cellulare mio_cellulare je_nummer jouw_nummer mijn_nummer uw_nummer jouw_06 mijn_06 je_06
        twój_numer swój_numer mój_numer numer_telefonu mi_numer ditt_nummer mitt_nummer dit_nummer mit_nummer numaranı numaram numaranızı numaranız telefon_numaran"),
    (PAY, "compensate settle_up square_up pay_up bezahlen zahlen überweisen begleichen pagarte abonarte pagárselo pagártelo pagartelo payer régler rémunérer pagar acertar pagarti pagarle pagarlo
        saldare betalen afrekenen overmaken"),
    (PAY | ME, "pay_me pay_us"),
    (GIVE | MONEY, "give_you_the_money give_u_the_money hand_you_the_money leave_the_money leave_you_the_money bring_the_money slip_you_some slip_you_a slip_you_the"),
    (BOOK | YOU, "contratarte contratarle contratarla assumerti assumerla ingaggiarti engager_toi t'embaucher t'engager vous_embaucher vous_engager te_contratar contratá-la contratá-lo
        hire_you employ_you book_you dich_anstellen dich_einstellen dich_engagieren sie_engagieren dich_buchen sie_buchen je_inhuren u_inhuren cię_zatrudnić panią_zatrudnić anlita_dig"),
    (HERE | APP, "this_site this_thing this_app this_platform this_service this_system this_website"),
    (THEY | AGENCY, "these_guys these_people those_guys those_people this_lot that_lot"),
    (WOULD | WE, "lass_uns lasst_uns lassen_sie_uns let_us lets hai_să"),
    (DIRECT | BOOK, "go_direct going_direct went_direct"),
    (WE | ME, "on_se"),
    (OUT | FAR_OUT | HERE, "  outside_of_here outside_here"),
    (PURPOSE, "for_the for_his for_her for_their for_my for_our for_a für_den für_die für_das für_meinen für_meine para_el para_la para_los para_o para_a para_os pour_le pour_la pour_les pour_mon
        per_il per_la per_lo per_i voor_de voor_het voor_mijn dla till_min til_min för_att için для"),
    (0, "for_the_walk for_the_walks for_the_visit for_the_visits for_the_week for_the_weekend for_the_sitting for_the_job for_the_extra for_a_walk for_a_visit for_the_next for_the_next_time for_the_day"),
    (PURSE_NAME | PURSE, "venmo~ venmo zelle paypal~ paypal* cashapp~ cash_app bizum* mbway mb_way revolut~ revolut* satispay~ postepay bitcoin* usdt western_union moneygram tikkie* paylib paytm phonepe gpay swish swisha
        swishar swisher vipps mobilepay* blik blikiem papara* mercado_pago mercadopago nequi daviplata yape twint zell pix_key chave_pix wero skrill payoneer pay_pal"),
    (NOTES | CASH, "cash in_cash cash~ kontant kontanter kontanten contanti in_contanti en_efectivo en_espèces em_dinheiro dinheiro_vivo bargeld gotówk* gotówką nakit* nakden наличными наличкой наличные numerar tunai contant
        kontant_i_handen in_notes in_banknotes banknotes paper_money bar_auf in_scheinen en_billetes en_metálico hotově en_liquide bar_zahlen"),
    (0, "cash_free cash_register cash_machine cash_machines cash_crop petty_cash cash_prize cash_point cash_desk cash_flow cash_only_bar cash_only_parking"),
    (STORY, "saw seen read group groups story stories post posted worthy picture video reel watched sah gesehen gelesen gruppe vi visto leí grupo historia vu lu groupe história vi visto gruppo storia gezien gelezen groep widziałam widziałem grupa grupie
        såg läste grupp gördüm grubu видел видела группа mother mum mom sister brother son daughter down crashed"),
    (OTHERWISE, "alternative alternatively   other_app other_way                         
             alt_mod jiný jiná  "),
    (OFFICE, "office büro oficina bureau biuro biura kontor kontoret ofis* офис* birou* kancelář* kantoor escritório ufficio"),
    (AGENCY, "firm firms organisation organization outfit intermediary third_party the_company company companies clowns crooks vultures leeches mob bloodsuckers empresa entreprise azienda ditta bedrijf firma* firmą firmie società bazar
        toko unternehmen laden verein trägerin"),
    (APP, "system portal interface booking_system this_inbox inbox this_channel"),
    (0, "alarm_system heating_system immune_system nervous_system solar_system sound_system sprinkler_system security_system digestive_system"),
    (WITHOUT | OUT, "dispense dispense_with do_without do_away_with get_rid_of ditch ditching lose_the leave_out w_o wo_the minus sans_passer sin_pasar sem_passar senza_passare auf_die_agentur_verzichten verzichten prescind* prescindir renonc*"),
    (NO_NEED, "laat_toch_zitten vergeet lass_doch pfeif_auf scheiß_auf screw scrap bin_the nevermind never_mind_the why_even_use what_do_we_need sense_in point_in_using olvida olvídate oublie oublions esquece esqueçamos dimentica zapomnij glöm unut забудь uită zapomeň"),
    (CANCEL, "cancelled canceled no_show    deactivate unsubscribe turn_down zamknij odwołaj odwołać avboka avbestill iptal отмени отмените anulează zruš batal"),
    (WORK_FOR, "work_for_me work_for_us working_for_me working_for_us work_directly_for für_mich_arbeiten für_uns_arbeiten bei_mir_arbeiten bei_uns_arbeiten trabaje_para_mí trabaja_para_mí trabajar_para_mí trabajar_para_nosotros
        travailler_pour_moi travailler_pour_nous travaillez_pour_moi trabalhar_para_mim trabalhe_para_mim trabalhar_pra_mim trabalhar_para_nós lavorare_per_me lavorare_per_noi lavora_per_me voor_mij_werken voor_ons_werken werken_voor_mij
        pracować_dla_mnie pracować_u_mnie pracować_dla_nas jobba_åt_mig jobba_för_mig jobbe_for_meg arbejde_for_mig benim_için_çalış работать_на_меня работать_у_нас lucra_pentru_mine pracovat_pro_mě"),
    (PAY, "settling settled paying compensating remunerate remuneration reimburse invoice_you bill_you rozliczać rozliczyć"),
    (SUITS, "recht lieb fine okay beats ideal dobrze pasuje bien suits welcome_too mogelijk kan_ook handig"),
    (MOVE_PHRASE, "look_me_up google_me search_for_me svarta_jobb svart_jobb sorte_penge svarte_penger czarno_płacić you_work_privately beat_whatever beat_what_they whole_lot_if the_whole_lot dont_clock_in clock_in_or not_monitored isnt_monitored
        monitored_by not_watched without_them_watching alternative_means other_means_of_contact"),
    (FILLER, "half first second third part hälfte teil mitad moitié metade metà helft rest followed_by połowa hälften area"),
    (HAVE, "got got_a lmk whats drop"),
    (GIVE, "lmk daj"),
    (SOCIAL, "fejsa fejs fejsie fb  face_book fesbuk"),
    (NUMBER, "line recapito     cell_i recapiti"),
    (PERSONAL, "privé privat privata privato yours yourselves"),
    (ON, "chez"),
    (REFERENCE, "paket pakket pakke paczka paczki paquete colis pacco pacote encomenda package parcels delivery sendungsnr"),
    (OUT | FAR_OUT | OTHERWISE, "other_than anders_als otro_que autre_que"),
    (OUT | FAR_OUT, "not_through not_via nicht_über niet_via inte_via ikke_via nie_przez"),
    (GIVE | HAVE, "got_a got"),
    (CANCEL | ACCOUNT, "close_your_account close_the_account delete_your_account delete_the_account"),
    (OWN_NUMBER | NUMBER, "privénummer privé-nummer privatnummer privathandy privé_nummer recapito_privato"),
    (OUTSIDE_APP | MOVE_PHRASE, "se_passer_d_elle se_passer_d_eux se_passer_de_l_agence te_passer_d_eux"),
    (NEED, "potrzeb* behöver behover trenger ihtiyaç нужн* nevoie potřeb* besoin bisogno nodig brauchen braucht brauche necesitamos precisamos"),
    (NO_NEED, "laat_dat laat_die laat_het"),
    (QUIT, "deje dejes dejen verlasse verlässt abbandona"),
    (BUSINESS, "service services site webpage page"),
    (SUITS | CHEAP, "te_sale le_sale os_sale sai_mais sale_mejor sai_melhor"),
    (STORY, "heet heisst heißt se_llama llama s_appelle si_chiama chama_se se_chama named called nazywa_się heter chewed ate"),
    (0, "le_chat mon_chat ton_chat son_chat notre_chat votre_chat un_chat ce_chat du_chat au_chat"),
    (MORE, "more better beat mehr besser más mejor plus mieux davantage mais melhor più meglio meer beter więcej lepiej mer mere bättre fazla daha больше лучше mai_mult mai_bine víc lépe"),
    (COME, "come comes coming komm kommen kommt ven vente venga venid viens venez vem venha venir vir vieni venga venire kom komen przyjdź przyjdzie kommer gel gelin приход* vino veniți přijď"),
    (HIRE | BOOK, "hire hiring employ engager embauch* contrat* contratarte anstell* einstell* anzustellen einzustellen engagieren assum* zatrudni* anlita* anställ* ansett* ansæt* inhuren aannemen нанять angaj* najm* recruit"),
    (HIRE | BOOK | YOU, "hire_you employ_you contratarte contratarle contratarla assumerti assumerla te_contrato le_contrato te_contratamos te_contrataría te_contratar t_embaucher vous_embaucher vous_embauche t_embauche dich_anstellen
        dich_einstellen sie_einstellen je_inhuren u_inhuren cię_zatrudnić panią_zatrudnić zatrudnię_cię zatrudnię_panią anlita_dig ti_assumo la_assumo te_contrato_eu"),
    (INVOICE | PAPER, "invoice receipt rechnung beleg quittung factura recibo facture reçu fatura recibo fattura ricevuta factuur bon bonnetje faktura faktury paragon paragonu kvitto kvittering fatura чек faktură bon_fiscal faktury účtenky"),
    (DIRECT, "straight"),
    (0, "straight_away straight_home straight_after straight_to_the straight_ahead straight_into straight_on straight_from straight_back straight_line straight_for straight_out straight_up straight_through
        another_time another_day different_time different_day otra_vez otro_día autre_fois autre_jour outra_vez outro_dia altra_volta altro_giorno ander_keer andere_keer anderes_mal ein_andermal andere_dag"),
    (HAVE | YOU, "t_as_pas tas_pas tu_n_as_pas vous_n_avez_pas vous_n_auriez_pas tu_n_aurais_pas non_hai non_ha no_tienes no_tendrás no_tiene não_tem você_não_tem hast_du_nicht hast_du_kein hast_du_keine haben_sie_nicht haben_sie_kein
        haben_sie_keine heb_je_niet heb_je_geen heeft_u_geen nie_masz nie_ma_pani har_du_inte har_du_ikke dont_you_have you_dont_have_a"),
    (GIVE, "put scribble scribbled write write_down leg leg_mir laat pon ponme mets metti połóż lägg legg communiquer communiquez facilite facilitar facilitarme avere zapiszę dați dați-mi îmi_dați lascerei lasceresti tell leave_me"),
    (HAND, "mat doormat jar tin drawer counter cookie_jar biscuit_tin cushion pillow flowerpot plant_pot mailbox letterbox fußmatte schublade dose briefkasten tisch cajón felpudo mesa bote paillasson tiroir boîte table gaveta
        capacete pote zerbino cassetto tavolo barattolo mat lade tafel pot szuflad* wycieraczk* stole lådan mattan bordet masada masanın paspas стол* коврик* masă sertar preș"),
    (HERE, "hier_drin there"),
    (NUMBER, "cel num nr chiamarla recapito digits"),
    (CONTACT, "chiam* contatt* telefon* joindre rejoindre contacter joins correspond write_to"),
    (KNOW, "saperlo saberlo le_savoir erfahren_davon davon_wissen scoprirlo"),
    (CANCEL, "zeg zeg_af"),
    (QUIT, "bórrate borrate darte_de_baja desinstala uninstall delete_the_app lösch désinstalle désinscris-toi cancellati verwijder usuń radera larga kündige kündig"),
    (WORK_FOR, "fang_bei_uns fang_bei_mir bei_uns_anfangen bei_mir_anfangen trabajar_con_nosotros trabajar_conmigo trabalhar_comigo trabalhar_conosco trabalhar_com_a_gente lavorare_con_noi lavorare_con_me travailler_avec_nous travailler_chez_nous
        come_work_with_us join_us_instead pracować_z_nami"),
    (OURSELVES, "das_selber das_selbst selber_regeln selbst_regeln"),
    (ELSEWHERE, "por_otro_lado por_outro_lado por_otra_vía por_otro_medio por_outro_meio par_un_autre_moyen auf_anderem_wege some_place_else some_other_place other_channel another_channel another_app different_app other_app the_other_app andere_app otra_app outro_app altra_app autre_appli
        inna_aplikacja en_annan_app başka_yerden в_другом_месте în_altă_parte"),
    (PURSE, "e_transfers etransfers e-transfer bank_transfers transfers"),
    (STORY, "owes owe owed brown black white grey gray striped floppy ear ears dying dead broke battery silent charger ringing loud screen picture pictures photos lol_it"),
    (SUITS, "is_fine is_ok geht_auch_gut geht geht_auch passt"),
    (DOT, "punt punct"),
    (WOULD, "gradirei volentieri gerne hätte_gern"),
    (FEE, "fees fee surcharge markup percentage porcentaje prozent pourcentage percentuale porcentagem procent procenta"),
    (THEY, "die_leute those"),
    (GIVE, "let_me_know lass_mich_wissen"),
    (OWN_NUMBER | GIVE, "numărul_de_telefon"),
    (0, "my_number_one"),
    (SEARCH, "google googel googlen googele googelt googlea cherche_sur_google"),
    (ME, "thats_me that_is_me c_est_moi das_bin_ich soy_yo sou_eu sono_io dat_ben_ik to_ja"),
    (EMAIL, "maila mailu mailem mejla mailen correos"),
    (VAGUE | ON | SOCIAL, "on_the_gram on_insta on_gram"),
    (MOVE_PHRASE, "we_do_without we_can_do_without do_without_them"),
    (RECORD, "put_the_visit put_the_visits put_the_walk put_the_hours"),
    (CHAT, "微信 加我微信 支付宝微信 ライン交換 카톡"),
    (OWN_NUMBER | GIVE, "你的电话 我的电话 你的手机 我的手机 电话号码 電話番号 连絡先 連絡先"),
    (NOTES | CASH, "现金 現金 현금"),
    (PURSE_NAME | PURSE, "支付宝"),
    (PRIVATELY | BOOK, "私下交易 私下 私聊 直接取引"),
    (NO_NEED | WITHOUT | OUT, "po_co_nam na_co_nam"),
    (CONTACT | ME | EMAIL, "mail_me email_me e_mail_me"),
    (MEDIUM, "direct_message direct_messages"),
    (OTHERWISE, "another_way different_way another_means other_means other_ways autre_moyen autre_façon otro_medio otra_forma otra_manera outra_forma outro_jeito altro_modo altri_modi andere_manier anderen_weg
        andere_möglichkeit anders_erreichen inny_sposób annat_sätt annan_väg annen_måte anden_måde başka_yol другой_способ alt_mod jiný_způsob"),
    (POST, "olmadan dışında dışından olmaksızın vorbei heen"),
    (WITHOUT | OUT | SAVE, "cut_these cut_those salt* saltarse saltamos esquiv* omit* umgeh* vermeid* contourn* ometti* scavalc* bypass* bypassa* omzeil* obchodz* kringgå*"),
    (BOOK, "trabaj* trabalh* lavor* travaill* arbeit* werk engag* embauch* contrat* assum* jobb* pracow* работ* çalış* lucr* anstell* einstell* beauftrag*   vereinbar*
        accord* combin* arregl* arrang* afspr* inhur* zatrudn* umaw* umów* dogad* договор* нан*"),
    (SERVE, "atend* atiend* atende atendes attend cuid* pasear passear"),
    (SIDE, "through_the_books on_the_books without_papers ohne_papiere sin_papeles sans_papiers sem_papel senza_ricevuta senza_fattura sin_recibo sans_facture ohne_beleg zonder_bonnetje zonder_factuur"),
    (OWN_NUMBER, "the_number_of_your_phone number_of_your_phone number_of_your_mobile nummer_von_deinem_handy número_de_tu_teléfono número_de_tu_móvil numéro_de_ton_portable numéro_de_votre_portable numero_del_tuo_cellulare"),
    (OWN_NUMBER | GIVE, "скиньте_номер скинь_номер дайте_номер дай_номер оставьте_номер оставь_номер ваш_номер твой_номер мой_номер пришлите_номер podaj_numer podasz_numer podać_numer daj_numer numer_do_pani
        numer_do_pana numer_do_ciebie dasz_numer numara_verir numaranı_ver numaranızı_verir număr_de_telefon numărul_tău numărul_dumneavoastră dej_číslo dáš_číslo"),
    (HAND, "by_hand from_hand_to_hand hand_to_hand de_mano_en_mano de_la_main_à_la_main"),
    (GIVE, "bitten erbitten fragen_nach få slide sling bung lemme gimme"),
    (GIVE | ME, "lemme_get lemme_have gimme"),
    (EMAIL, "adresse_électronique e-mail-adresse indirizzo_email dirección_de_correo dirección_electrónica electronic_mail electronic_mail_address adresse_mail adresse_e-mail endereço_de_email mailadres e-mailadres adres_mailowy"),
    (HAVE, "auriez aurais avez avrebbe avresti tendrías tendría hättest hätten teria"),
    (YOU, "je sei bist estás t_es jesteś es-tu are_you bist_du är_du ben_je"),
    (CONTACT, "capte capter retrouve retrouver retrouves  zoom"),
    (MOVE, "göra gøre gjøre faire fais fait faisait faisons fasse fare faccio facciamo facessimo fazer fazemos faço hacer hago doen doe machen mache macht"),
    (0, "direct_na direct_naar direct_naast direct_nach direct_after direct_when direct_voor direct_bij"),
    (GIVE | WOULD | I, "mag_ik zou_ik"),
    (GIVE, "slipped left tucked wrote dropped stuck"),
    (USERNAME, "handle username user_name  nick nickname benutzername usuario pseudo usuário utente nazwa_użytkownika gebruikersnaam användarnamn kullanıcı_adı"),
    (BOOK, "quedar quedamos"),
    (OURSELVES, "tú_y_yo usted_y_yo toi_et_moi você_e_eu io_e_lei jij_en_ik ty_i_ja du_och_jag"),
    (0, "entre_los_dos_gatos entre_los_dos_perros between_the_two"),
    (I | SERVE, "ik_pas ik_pas_ook ik_laat"),
    (SERVE, "pas_op pas_je_ook"),
    (OWN_NUMBER | NUMBER | MY, "on_my_own_number on_my_own_phone on_my_own_cell on_my_own_mobile on_my_own_line on_my_own_email"),
    (MONEY, "the_money money~ moneys dough kohle knete pasta plata lana pognon fric thune dinheiro grana soldi denaro geld poen"),
    (CHEAP, "cheaper cheap cheaply less_than lower lower_rate better_rate better_price better_rates good_price special_price mates_rates mate's_rates discounted discount half_price save_money
        preiswerter günstiger billiger weniger más_barato mejor_precio menos_dinero te_cobro_menos moins_cher meilleur_prix prix_d'ami tarif_préférentiel mais_barato preço_melhor
        meno_caro prezzo_migliore mi_costa_meno costa_meno ti_faccio_meno goedkoper voordeliger scheelt lager_tarief lagere_prijs lagere lager"),
    (SAVE, "save saving avoid avoiding dodge dodging skip skipping cut_out saves without no scheelt besparen uitsparen"),
    (NO_NEED, "no_need dont_need don't_need doesn't_need needn't why_bother why_do_we_need do_we_need do_we_really_need who_needs forget ditch
        wozu_brauchen wozu warum_brauchen brauchen_wir_die braucht_es_nicht pour_quoi_faire à_quoi_bon para_qué_necesitamos no_necesitamos qué_falta_hace para_que_precisamos
        não_precisa não_precisamos a_che_serve non_serve non_c'è_bisogno che_bisogno_c'è waarom_nog waarom_via waarom_hebben_we niet_nodig geen_bedoeling"),
    (KNOW, "know knows knowing aware find_out notice notices hear_about need_to_know involve involving involved tell telling mention bescheid mitkriegt mitkriegen merkt merken wissen enteren enterarse
        se_entere se_enteren courant au_courant s'en_rende_compte fiquem_sabendo saibam percebe percebam accorga accorgano scopra sappiano weet merkt merken achter_komen te_weten"),
    (SECRET, "our_secret our_little_secret little_secret keep_it_quiet keep_quiet hush-hush hush_hush on_the_quiet on_the_low on_the_dl dont_let_on don't_let_on nobody_needs_to_know no_one_needs_to_know
        no_one_has_to_know nobody_has_to_know what_they_dont_know dont_tell don't_tell don't_mention not_tell erzähl_es_nicht erzähl_niemandem sag_niemandem unser_geheimnis heimlich
        no_se_lo_digas no_digas_nada nuestro_secreto en_secreto a_escondidas ne_le_dis_pas notre_secret en_secret en_cachette sans_le_dire_à não_conta_pra não_fala_nada nosso_segredo escondido
        non_dirlo_a nostro_segreto di_nascosto non_dire_niente niet_zeggen ons_geheimpje stiekem vertel_het_niet"),
    (MOVE_PHRASE, "    off_this_app off_this_platform off_this_site off_here away_from_here out_of_here_and_talk
        behind_the_agency's_back behind_their_backs cut_the_agency_out cut_them_out cut_out_the_agency cutting_them_out without_them_knowing without_the_agency_knowing take_it_off_here
        take_this_off_here   deal_direct book_direct booking_direct hire_direct come_to_me_direct come_direct go_private going_private gone_private do_it_private
        do_it_privately ask_for_me_by_name poach hinterm_rücken hinter_dem_rücken_der an_der_agentur_vorbei an_der_app_vorbei an_der_plattform_vorbei a_espaldas_de sin_que_se_entere sin_que_se_enteren
        sin_que_lo_sepa dans_le_dos_de sans_que_l'agence_le_sache à_l'insu sem_que_a sem_ninguém_saber às_escondidas all'insaputa alle_spalle_dell'agenzia senza_che_l'agenzia senza_dirlo
        buiten_de_app_om buiten_het_platform_om buiten_het_bureau_om buiten_jullie_om achter_de_rug om_het_bureau_heen om_de_app_heen poza_aplikacją poza_agencją poza_platformą
        utanför_appen utanför_plattformen utenfor_appen udenfor_appen uden_om_appen uygulama_dışında uygulamanın_dışında ajansın_dışında ajans_dışında вне_приложения мимо_агентства мимо_приложения
        без_агентства без_посредников în_afara_aplicației fără_agenție mimo_aplikaci bez_agentury bez_pośredników bez_pośrednika luar_aplikasi tanpa_aplikasi tanpa_perantara aradan_çıkaralım"),
    (PAY_PHRASE, "cash_in_an_envelope under_the_counter cash_in_hand cash_at_the_door cash_on_the_door cash_on_arrival cash_on_delivery cash_at_pickup pay_you_cash pay_u_cash pay_in_cash pay_cash paying_cash
        paid_in_cash paid_cash do_cash take_cash accept_cash prefer_cash cash_is_king cash_or_venmo cash_would cash_works cash_ok cash_okay cash_alright cash_good cash_instead just_cash give_you_cash hand_you_cash
        bar_zahlen bar_bezahlen bar_geben bar_in_die_hand bar_bezahle bar_zahle bargeld_geben in_bar_zahlen schwarz_arbeiten pagar_en_efectivo pago_en_efectivo en_b pagar_en_b payer_en_liquide payer_cash en_cash
        payer_en_espèces au_black pagar_em_dinheiro pago_em_dinheiro pagar_in_contanti pagare_in_contanti pago_in_contanti in_nero contant_betalen cash_betalen zwart_betalen contant_afrekenen
        zapłacę_gotówką płacę_gotówką betala_kontant betale_kontant betaler_kontant nakit_ödeyeyim nakit_öderim nakit_versem elden_ödeyeyim elden_öderim elden_versem elden_vereyim elden_yaparım
        заплачу_наличными оплачу_наличными плачу_наличными plătesc_cash plătesc_în_numerar zaplatím_hotově bayar_tunai bayar_cash"),
    (0, "cash_for cash_drop cash_back cashier cashew* cashmere   signal_red turns_signal direct_descendant direct_descend* direct_bus direct_train direct_flight direct_flights direct_route
        direct_sun direct_sunlight direct_light direct_view direct_debit  private_garden private_yard private_tour private_room private_road private_parking private_beach
        private_entrance private_property private_school private_practice private_vet private_hospital private_person private_matter private_joke private_driveway private_land private_pool
        direkter_bus direkte_bahn direkte_verbindung direkter_zug privater_garten privatgrundstück privatgelände privatweg privater_parkplatz jardín_privado garaje_privado parking_privado bus_directo tren_directo vuelo_directo
        jardin_privé parking_privé chemin_privé bus_direct train_direct vol_direct jardim_privado estacionamento_privado voo_direto ônibus_direto autocarro_direto giardino_privato parcheggio_privato volo_diretto
        treno_diretto privétuin privé_tuin directe_bus directe_trein leave_the_app_open leave_the_app_running leave_the_app_on leave_the_tv leave_the_key leave_the_door leave_the_light leave_the_lights leave_the_gate
        leave_the_window leave_the_radio leave_the_heating leave_the_keys leave_the_dog leave_the_cat leave_the_house"),
];
