import * as dash from '@grafana/grafana-foundation-sdk/dashboard';
import { forGrafana, incidentVariable } from '../expand.ts';
import { type Dashboard, type FilterVariable, filterVariables } from '../panel.ts';
import { incidentMarks, marksOfOne } from '../panels/incidents.ts';
import { incidentIds, valuesOf, variableLabels } from '../panels/variables.ts';
import { finish } from './finish.ts';
import { panelBuilder } from './panel-builder.ts';
import { clickhouseType, target } from './query.ts';

/** Every panel queries the data source that is chosen at the top of the page. */
const source = { type: clickhouseType, uid: '${datasource}' };

/** Tag of all dashboards of faultline; the menu of links lists the dashboards with this tag. */
const tag = 'faultline';

/** Converts a dashboard of the panel model into Grafana's classic JSON. Throws when ids or the grid are wrong. */
export function dashboardJson(dashboard: Dashboard, docsUrl: string): Record<string, unknown> {
  const builder = new dash.DashboardBuilder(dashboard.title)
    .uid(dashboard.uid)
    .description(dashboard.question)
    .tags([tag])
    .readonly()
    .timezone('browser')
    .time({ from: 'now-6h', to: 'now' })
    .refresh('1m')
    .tooltip(dash.DashboardCursorSync.Crosshair)
    .withVariable(
      new dash.DatasourceVariableBuilder('datasource')
        .label('Data source')
        .type(clickhouseType)
        .current({ text: 'ClickHouse', value: 'clickhouse' }),
    )
    .annotation(incidentAnnotation(dashboard.about === 'incident' ? marksOfOne : incidentMarks))
    .link(siblings());
  if (dashboard.about === 'incident') builder.withVariable(incidentChoice());
  else for (const variable of filterVariables) builder.withVariable(filterVariable(variable));
  dashboard.rows.forEach((row, index) => {
    // Nothing links to a row, so its id only has to differ from those of panels.
    builder.withRow(new dash.RowBuilder(row.title).id(1_000 + index));
    for (const panel of row.panels) {
      builder.withPanel(panelBuilder(panel, { source, docsUrl, dashboardUid: dashboard.uid }));
    }
  });
  return finish(builder.build());
}

function filterVariable(name: FilterVariable): dash.QueryVariableBuilder {
  return new dash.QueryVariableBuilder(name)
    .label(variableLabels[name])
    .datasource(source)
    .query({ refId: name, queryType: 'sql', rawSql: forGrafana(valuesOf(name)) })
    .definition(forGrafana(valuesOf(name)))
    .multi(true)
    .includeAll(true)
    .refresh(dash.VariableRefresh.OnTimeRangeChanged)
    .current({ text: ['All'], value: ['$__all'] });
}

/** The variable with the incident that the page is about: the newest open one unless a link names another. */
function incidentChoice(): dash.QueryVariableBuilder {
  return new dash.QueryVariableBuilder(incidentVariable)
    .label('Incident')
    .datasource(source)
    .query({ refId: incidentVariable, queryType: 'sql', rawSql: incidentIds })
    .definition(incidentIds)
    .multi(false)
    .includeAll(false)
    .refresh(dash.VariableRefresh.OnTimeRangeChanged);
}

/** Shows incidents as regions on every time series of the page. */
function incidentAnnotation(marks: string): dash.AnnotationQueryBuilder {
  return new dash.AnnotationQueryBuilder()
    .name('Incidents')
    .datasource(source)
    .enable(true)
    .hide(false)
    .iconColor('red')
    .target(target('table', forGrafana(marks)));
}

function siblings(): dash.DashboardLinkBuilder {
  return new dash.DashboardLinkBuilder('faultline')
    .type(dash.DashboardLinkType.Dashboards)
    .tags([tag])
    .asDropdown(true)
    .includeVars(true)
    .keepTime(true);
}
